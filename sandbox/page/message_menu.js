/** The "…" menu of a message: the bot's commands for messages and people, copying, deleting. */

import { COMMAND } from "./commands.js";
import { Listbox } from "./listbox.js";

/**
 * Open the menu below `button`; pressing it again closes it.
 * @param {object} message
 * @param {HTMLButtonElement} button
 * @param {{world: World, onCommand: function(object): void, onDelete: function(): void}} app
 *   `onCommand` gets an interaction's data
 */
export function openMessageMenu(message, button, { world, onCommand, onDelete }) {
  if (button.getAttribute("aria-expanded") === "true") return; // it is open and closes by this press, see below
  const listbox = new Listbox(button, {
    label: "Message",
    role: "menu",
    testId: "message-menu-list",
    onChoose: ({ act }) => {
      listbox.hide();
      act();
    },
    onClose: () => ending.abort(),
  });
  const ending = new AbortController();
  const { signal } = ending;
  button.addEventListener("keydown", (event) => listbox.handleKey(event), { signal });
  button.addEventListener("click", () => listbox.hide(), { signal });
  button.addEventListener("blur", () => listbox.hide(), { signal });
  listbox.show(entries(message, world, { onCommand, onDelete }), 0);
}

function entries(message, world, { onCommand, onDelete }) {
  const { name } = world.author(message.author);
  const kinds = {
    [COMMAND.MESSAGE]: { hint: "this message", target_id: message.id },
    [COMMAND.USER]: { hint: name, target_id: message.author.id },
  };
  const found = world.commands
    .filter(({ type }) => type in kinds)
    .sort((left, right) => right.type - left.type)
    .map(({ id, name: label, type }) => ({
      label,
      hint: kinds[type].hint,
      act: () => onCommand({ id, name: label, type, target_id: kinds[type].target_id }),
    }));
  if (message.content) {
    found.push({ label: "Copy text", act: () => navigator.clipboard.writeText(message.content) });
  }
  found.push({ label: "Copy message id", act: () => navigator.clipboard.writeText(message.id) });
  if (message.author.id === world.me.id)
    found.push({ label: "Delete message", isDanger: true, act: onDelete });
  return found;
}
