/** The line to write in: plain messages, the "/" picker, and a command's way from typing to sending. */

import { CommandForm } from "./command_form.js";
import { fitting, parseLine, runnable } from "./commands.js";
import { icon } from "./dom.js";
import { Listbox } from "./listbox.js";

export class Composer {
  #form = null;
  #isSending = false;
  #last = null;
  #drafts = new Map();

  /**
   * @param {{form, text, command, error, send}} parts elements of the page
   * @param {object} app
   * @param {World} app.world
   * @param {Backend} app.backend
   * @param {function(string): Promise<void>} app.say
   * @param {function(object): Promise<void>} app.runCommand gets an interaction's data, rejects with Refusal
   * @param {function(object): Promise<Array>} app.complete
   */
  constructor(parts, app) {
    this.parts = parts;
    this.app = app;
    parts.send.append(icon("send"));
    this.picker = new Listbox(parts.text, {
      label: "Commands",
      testId: "command-picker",
      onChoose: (option) => this.open(option.leaf, new Map()),
    });
    parts.text.setAttribute("aria-autocomplete", "list");
    parts.text.parentElement.setAttribute("data-list-anchor", "");
    parts.text.addEventListener("input", (event) => this.#onInput(event));
    parts.text.addEventListener("keydown", (event) => this.#onKey(event));
    parts.text.addEventListener("blur", () => this.picker.hide());
    parts.text.addEventListener("focus", () => this.#offer());
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Another channel: its own draft, no half-filled command of the old one. */
  enter(channelId, title) {
    if (this.channelId === channelId) return;
    const { text } = this.parts;
    if (this.channelId) this.#drafts.set(this.channelId, text.value);
    this.channelId = channelId;
    this.#leave({ isFocused: false });
    text.value = this.#drafts.get(channelId) ?? "";
    text.placeholder = `Message ${title}, or / for a command`;
    text.setAttribute("aria-label", text.placeholder);
  }

  /** Start a command by name, as from a mention in a message; says so when there is none. */
  start(name) {
    const leaf = runnable(this.app.world.commands).find((known) => known.name === name);
    if (leaf) this.open(leaf, new Map());
    else this.#say(`There is no command /${name} here.`);
  }

  /** Put a command's fields in place of the line. */
  open(leaf, texts) {
    const { app, parts } = this;
    this.#leave({ isFocused: false });
    parts.text.value = "";
    this.#form = new CommandForm(leaf, texts, {
      world: app.world,
      backend: app.backend,
      complete: (data) => app.complete(data),
      onLeave: () => this.#leave({ isFocused: true }),
    });
    parts.command.replaceChildren(this.#form.element);
    parts.command.hidden = false;
    parts.text.hidden = true;
    parts.form.classList.add("has-command");
    if (!this.#form.focus()) parts.send.focus();
  }

  focus(text = null) {
    if (this.#form) this.#form.focus();
    else {
      this.parts.text.focus();
      if (text !== null) {
        this.parts.text.value = text;
        this.#offer();
      }
    }
  }

  #leave({ isFocused }) {
    const { parts } = this;
    this.#say("");
    this.picker.hide();
    if (this.#form) {
      this.#form.close();
      this.#form = null;
      parts.command.replaceChildren();
      parts.command.hidden = true;
      parts.text.hidden = false;
      parts.form.classList.remove("has-command");
    }
    if (isFocused) parts.text.focus();
  }

  #onInput(event) {
    this.#say("");
    const { value } = this.parts.text;
    if (event.inputType === "insertText" && event.data === " " && value.startsWith("/")) {
      const typed = parseLine(value, runnable(this.app.world.commands));
      if (typed?.isBare) {
        this.open(typed.leaf, new Map());
        return;
      }
    }
    this.#offer();
  }

  /** Show the picker while a command's name is being written. */
  #offer() {
    const { value } = this.parts.text;
    if (!value.startsWith("/") || value.includes("\n")) {
      this.picker.hide();
      return;
    }
    const leaves = runnable(this.app.world.commands);
    const typed = parseLine(value, leaves);
    const shown = typed
      ? [typed.leaf, ...fitting(leaves, value.slice(1)).filter((leaf) => leaf !== typed.leaf)]
      : fitting(leaves, value.slice(1));
    const hint = ({ options }) =>
      options
        .filter(({ required }) => required)
        .map(({ name }) => name)
        .join(" · ");
    const options = shown.map((leaf) => ({
      label: `/${leaf.name}`,
      description: leaf.description,
      hint: hint(leaf),
      leaf,
    }));
    const none = leaves.length
      ? "No command of that name."
      : `${this.app.world.application.name} has no commands here yet.`;
    this.picker.show(
      options,
      typed && !typed.isBare ? -1 : 0,
      typed && !typed.isBare ? "Enter sends it · Tab fills in its options" : options.length ? "" : none,
    );
  }

  #onKey(event) {
    const { text } = this.parts;
    if (event.isComposing) return;
    if (event.key === "Tab" && this.picker.isOpen && this.picker.active < 0 && !event.shiftKey) {
      const typed = parseLine(text.value, runnable(this.app.world.commands));
      if (typed) {
        event.preventDefault();
        this.open(typed.leaf, typed.texts);
        return;
      }
    }
    const isExact = event.key === "Enter" && this.#exactWithoutOptions();
    if (!isExact && this.picker.handleKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.parts.form.requestSubmit();
    } else if (event.key === "Escape") {
      if (text.value.startsWith("/")) text.value = "";
      this.#say("");
    } else if (event.key === "ArrowUp" && !text.value && this.#last) {
      event.preventDefault();
      this.open(this.#last.leaf, this.#last.texts);
    }
  }

  #exactWithoutOptions() {
    const typed = parseLine(this.parts.text.value, runnable(this.app.world.commands));
    return Boolean(typed?.isBare && typed.leaf.options.length === 0);
  }

  async #submit() {
    if (this.#isSending) return;
    const { text } = this.parts;
    if (!this.#form) {
      if (!text.value.trim()) return;
      if (!text.value.startsWith("/")) {
        await this.#send(() => this.app.say(text.value.trim()));
        return;
      }
      const typed = parseLine(text.value, runnable(this.app.world.commands));
      if (!typed) {
        this.#say("There is no command of that name. Type / to see them all.");
        return;
      }
      this.open(typed.leaf, typed.texts);
    }
    const form = this.#form;
    await this.#send(async () => {
      const data = await form.read();
      if (!data) return false;
      await this.app.runCommand(data);
      this.#last = { leaf: form.leaf, texts: form.texts() };
      return true;
    });
  }

  /** Run one action at a time; then the line is empty and focused, unless it was refused or gave false. */
  async #send(action) {
    const { send, text } = this.parts;
    const channel = this.channelId;
    this.#isSending = true;
    this.#say("");
    send.setAttribute("aria-busy", "true");
    try {
      if ((await action()) === false || this.channelId !== channel) return;
      text.value = "";
      const isFocused = this.parts.form.contains(document.activeElement);
      this.#leave({ isFocused });
    } catch (refusal) {
      if (!this.#form?.showFault(refusal.option, refusal.message)) this.#say(refusal.message);
    } finally {
      this.#isSending = false;
      send.removeAttribute("aria-busy");
    }
  }

  #say(sentence) {
    this.parts.error.textContent = sentence;
    this.parts.error.hidden = !sentence;
  }
}
