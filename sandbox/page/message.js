/** One message on the page: its parts, each redrawn only when what it shows has changed. */

import { COMMAND } from "./commands.js";
import { renderComponents } from "./components.js";
import { avatar, el, icon } from "./dom.js";
import { renderAttachments, renderEmbed } from "./embed.js";
import { renderMarkdown } from "./markdown.js";
import { picturesIn } from "./pictures.js";

export const FLAG = { EPHEMERAL: 64, LOADING: 128, COMPONENTS_V2: 32768 };

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export class MessageView {
  #keys = {};
  #failure = "";

  /**
   * @param {object} message Discord's message object
   * @param {{world: World, onUse: function, onDismiss: function, onMenu: function, onJump: function,
   *   onCommand: function}} app
   */
  constructor(message, app) {
    this.app = app;
    this.parts = Object.fromEntries(
      ["day", "via", "head", "body", "failure", "foot"].map((name) => [
        name,
        el("div", { class: `message__${name}`, role: name === "failure" ? "alert" : null }),
      ]),
    );
    this.face = el("div", { class: "message__face" });
    const more = el(
      "button",
      {
        type: "button",
        class: "round message__more",
        "aria-label": "More about this message",
        "data-testid": "message-menu",
      },
      icon("dots"),
    );
    more.addEventListener("click", () => app.onMenu(this.message, more));
    const { day, via, head, body, failure, foot } = this.parts;
    this.sheet = el(
      "div",
      { class: "message__sheet" },
      via,
      this.face,
      el("div", { class: "message__column" }, head, body, failure, foot),
      more,
    );
    this.element = el(
      "article",
      { class: "message", "data-testid": "message", "data-message-id": message.id },
      day,
      this.sheet,
    );
    this.update(message);
  }

  /** Show the message as it is now; parts that look the same stay untouched. */
  update(message) {
    this.message = message;
    const { world } = this.app;
    const { name } = world.author(message.author);
    const isPrivate = Boolean(message.flags & FLAG.EPHEMERAL);
    const isThinking = Boolean(message.flags & FLAG.LOADING);
    this.element.classList.toggle("message--private", isPrivate);
    this.element.classList.toggle("message--thinking", isThinking);
    this.element.setAttribute("aria-label", `${name}, ${TIME.format(new Date(message.timestamp))}`);
    this.element.setAttribute("aria-busy", String(isThinking));
    const names = world.namesKey;
    this.#draw("via", [message.interaction_metadata, message.referenced_message?.id, names], () =>
      this.#via(),
    );
    this.#draw("head", [message.author.id, names, message.timestamp, message.edited_timestamp], () =>
      this.#head(),
    );
    this.#draw(
      "body",
      [message.content, message.embeds, message.attachments, message.components, isThinking, names],
      () => this.#body(isThinking),
    );
    this.#draw("foot", [isPrivate], () => (isPrivate ? this.#foot() : []));
  }

  /** The first of a day gets the day above it; one that continues its author's talk gets no head of its own. */
  place(previous) {
    const moment = new Date(this.message.timestamp);
    const day = DAY.format(moment);
    const isNewDay = !previous || day !== DAY.format(new Date(previous.message.timestamp));
    this.#draw("day", [isNewDay && day], () => (isNewDay ? [el("span", {}, day)] : []));
    const isContinued =
      !isNewDay &&
      !this.parts.via.hasChildNodes() &&
      previous.message.author.id === this.message.author.id &&
      (previous.message.flags & FLAG.EPHEMERAL) === (this.message.flags & FLAG.EPHEMERAL) &&
      moment - new Date(previous.message.timestamp) < 7 * 60_000;
    this.element.classList.toggle("message--continued", isContinued);
  }

  /** Say below the message why a press did not work, or nothing. */
  fail(sentence) {
    this.#failure = sentence;
    this.#draw("failure", [sentence], () => (sentence ? [el("p", {}, icon("age"), sentence)] : []));
  }

  get hasFailed() {
    return this.#failure !== "";
  }

  /** What a screen reader hears of it when it comes or is finished. */
  get spoken() {
    const { message } = this;
    const { name } = this.app.world.author(message.author);
    if (message.flags & FLAG.LOADING) return `${name} is thinking`;
    const pictures = this.parts.body.querySelectorAll("img").length;
    const text = Array.from(
      this.parts.body.querySelectorAll(".prose, .embed"),
      (part) => part.textContent,
    ).join(" ");
    const seen = pictures ? `${pictures} ${pictures === 1 ? "picture" : "pictures"}. ` : "";
    return `${name}: ${seen}${text.trim().slice(0, 300)}`;
  }

  #draw(part, key, make) {
    const text = JSON.stringify(key);
    if (this.#keys[part] === text) return;
    this.#keys[part] = text;
    const element = this.parts[part];
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.customId : null;
    element.replaceChildren(...make());
    if (focused)
      element.querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #via() {
    const { interaction_metadata: used, referenced_message: answered } = this.message;
    const { world } = this.app;
    const command = used?.name ?? this.message.interaction?.name;
    if (used && command) {
      const { name, color } = world.author(used.user);
      const isOfMenu = world.commands.some((known) => known.name === command && known.type > COMMAND.SLASH);
      return [
        icon("reply"),
        avatar({ name, color }),
        el(
          "span",
          {},
          el("b", {}, name),
          " used ",
          el("span", { class: "mention" }, isOfMenu ? command : `/${command}`),
        ),
      ];
    }
    if (!answered) return [];
    const { name, color, isBot } = world.author(answered.author);
    const excerpt = answered.content || (answered.attachments?.length ? "a picture" : "a message");
    const jump = el("button", { type: "button", class: "message__jump" }, excerpt);
    jump.addEventListener("click", () => this.app.onJump(answered.id));
    return [icon("reply"), avatar({ name, color, isBot }), el("b", {}, name), jump];
  }

  #head() {
    const { message } = this;
    const { name, color, isBot } = this.app.world.author(message.author);
    this.face.replaceChildren(avatar({ name, color, isBot }));
    const moment = new Date(message.timestamp);
    return [
      el("b", { class: "message__author" }, name),
      isBot ? el("span", { class: "seal" }, "bot") : null,
      el(
        "time",
        { class: "message__time", datetime: message.timestamp, title: MOMENT.format(moment) },
        TIME.format(moment),
      ),
      message.edited_timestamp
        ? el(
            "span",
            { class: "message__edited", title: MOMENT.format(new Date(message.edited_timestamp)) },
            "edited",
          )
        : null,
    ].filter(Boolean);
  }

  #body(isThinking) {
    const { message, app } = this;
    const kept = picturesIn(this.parts.body);
    const context = {
      message,
      kept,
      world: app.world,
      onCommand: app.onCommand,
      onUse: (component, data, control) => app.onUse(this, component, data, control),
    };
    if (isThinking && !message.content && !message.components?.length) {
      const { name } = app.world.author(message.author);
      return [
        el(
          "p",
          { class: "thinking" },
          el("span", { class: "thinking__tone", "aria-hidden": "true" }),
          `${name} is thinking…`,
        ),
      ];
    }
    const nodes = [];
    if (message.content) nodes.push(el("div", { class: "prose" }, renderMarkdown(message.content, context)));
    if (!(message.flags & FLAG.COMPONENTS_V2)) {
      nodes.push(
        ...renderAttachments(message, kept),
        ...(message.embeds ?? []).map((embed) => renderEmbed(embed, context)),
      );
    }
    if (message.components?.length) nodes.push(renderComponents(message.components, context));
    return nodes;
  }

  #foot() {
    const dismiss = el(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-testid": "dismiss",
        on: { click: () => this.app.onDismiss(this.message) },
      },
      "Dismiss",
    );
    return [
      icon("eye"),
      el("span", {}, "Only you can see this"),
      el("span", { "aria-hidden": "true" }, "·"),
      dismiss,
    ];
  }
}
