/** The left side: server, events, channels, threads, who one is, the theme, the drawer on phones. */

import { avatar, el, icon } from "./dom.js";
import { CHANNEL_TYPE } from "./world.js";

const THEME_KEY = "sandbox-theme";
const LISTED_TYPES = [CHANNEL_TYPE.TEXT, 5, CHANNEL_TYPE.FORUM]; // 5: announcements; no categories, no voice

const ICONS = {
  [CHANNEL_TYPE.DIRECT]: "envelope",
  [CHANNEL_TYPE.TEXT]: "hash",
  [CHANNEL_TYPE.FORUM]: "forum",
};

/**
 * Draw the channel list.
 * @param {HTMLElement} box
 * @param {World} world
 * @param {{current: string, unread: Set<string>, onChoose: function(string): void}} state
 */
export function renderChannels(box, world, { current, unread, onChoose }) {
  const item = (channel) => {
    const isCurrent = channel.id === current;
    const title = channel.type === CHANNEL_TYPE.DIRECT ? world.application.name : channel.name;
    const kind = ICONS[channel.type] ?? "thread";
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: ["channel", unread.has(channel.id) && "is-unread", kind === "thread" && "channel--thread"]
            .filter(Boolean)
            .join(" "),
          "aria-current": isCurrent ? "page" : null,
          "data-testid": `channel-${channel.type === CHANNEL_TYPE.DIRECT ? "direct" : channel.name}`,
          "data-channel-id": channel.id,
          on: { click: () => onChoose(channel.id) },
        },
        icon(kind),
        el("span", { class: "channel__name" }, title),
        channel.nsfw
          ? el(
              "span",
              { class: "age age--small", title: "Age-restricted" },
              el("span", { "aria-hidden": "true" }, "18+"),
              el("span", { class: "unseen" }, "age-restricted"),
            )
          : null,
        unread.has(channel.id)
          ? el("span", { class: "channel__unread" }, el("span", { class: "unseen" }, "unread"))
          : null,
      ),
    );
  };
  const texts = world.channels.filter(({ type }) => LISTED_TYPES.includes(type));
  const directs = world.channels.filter(({ type }) => type === CHANNEL_TYPE.DIRECT);
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.channelId : null;
  box.replaceChildren(
    el("h2", { class: "sidebar__group" }, "Channels"),
    el(
      "ul",
      {},
      texts.map((channel) => {
        const row = item(channel);
        // As in Discord, archived ones are out of the way; a forum lists them among its posts.
        const threads = world.threadsOf(channel).filter(({ id, archived }) => !archived || id === current);
        if (threads.length)
          row.append(el("ul", { "aria-label": `Threads in ${channel.name}` }, threads.map(item)));
        return row;
      }),
    ),
    ...(directs.length
      ? [el("h2", { class: "sidebar__group" }, "Direct messages"), el("ul", {}, directs.map(item))]
      : []),
  );
  if (focused) box.querySelector(`[data-channel-id="${focused}"]`)?.focus({ preventScroll: true });
}

/** Show the bot's presence: by word, shape and colour. */
export function renderPresence(element, { name, online }) {
  element.className = `presence presence--${online ? "online" : "offline"}`;
  element.replaceChildren(
    el("span", { class: "presence__mark", "aria-hidden": "true" }),
    `${name} is ${online ? "online" : "offline"}`,
  );
}

/** The select of people, and the mark of the one chosen. */
export function renderPeople({ select, mark, role }, world) {
  const key = JSON.stringify(world.people.map(({ id, name }) => [id, name]));
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...world.people.map(({ id, name }) => el("option", { value: id }, name)));
  }
  select.value = world.me.id;
  mark.replaceWith(Object.assign(avatar(world.me), { id: mark.id }));
  role.textContent = (world.me.roles ?? []).join(", ");
  role.hidden = !role.textContent;
}

/** Follow the system's theme until the toggle is used, then what was chosen (kept in this browser). */
export function prepareTheme(toggle) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = localStorage.getItem(THEME_KEY);
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const write = () => {
    toggle.replaceChildren(icon(isDark() ? "sun" : "moon"));
    toggle.setAttribute("aria-label", isDark() ? "Use the light theme" : "Use the dark theme");
  };
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem(THEME_KEY, root.dataset.theme);
    write();
  });
  system.addEventListener("change", write);
  write();
}

/** The sidebar as a drawer where the page is narrow; returns a function that closes it. */
export function prepareDrawer({ sidebar, toggle, scrim, stage }) {
  const narrow = matchMedia("(max-width: 760px)");
  const set = (isOpen) => {
    const isDrawer = narrow.matches;
    document.body.classList.toggle("has-drawer", isDrawer && isOpen);
    toggle.setAttribute("aria-expanded", String(isDrawer && isOpen));
    scrim.hidden = !(isDrawer && isOpen);
    sidebar.inert = isDrawer && !isOpen;
    stage.inert = isDrawer && isOpen;
  };
  const close = ({ isFocused = true } = {}) => {
    const wasOpen = document.body.classList.contains("has-drawer");
    set(false);
    if (wasOpen && isFocused) toggle.focus();
  };
  toggle.append(icon("menu"));
  toggle.addEventListener("click", () => {
    set(true);
    sidebar.querySelector("[aria-current], button")?.focus();
  });
  scrim.addEventListener("click", () => close());
  sidebar.addEventListener("keydown", (event) => event.key === "Escape" && close());
  narrow.addEventListener("change", () => set(false));
  set(false);
  return close;
}
