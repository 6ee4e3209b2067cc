/** The messages of the channel in view: in order, changed in place, at the bottom for whoever reads there. */

import { compareIds, el, icon } from "./dom.js";
import { FLAG, MessageView } from "./message.js";

const MAX_SHOWN = 200; // a flash event posts thousands; whoever reads at the bottom keeps the newest

export class Timeline {
  #views = []; // in order, oldest first
  #byId = new Map();
  #isAtBottom = true;
  #unseen = 0;

  /**
   * @param {{log: HTMLElement, newer: HTMLButtonElement, announce: function(string): void}} parts
   * @param {object} app what MessageView needs
   */
  constructor({ log, newer, announce }, app) {
    this.log = log;
    this.newer = newer;
    this.announce = announce;
    this.app = app;
    this.empty = el("div", { class: "log__empty" });
    this.inner = el("div", { class: "log__inner" }, this.empty);
    log.append(this.inner);
    log.addEventListener("scroll", () => this.#noteScroll(), { passive: true });
    newer.addEventListener("click", () => this.toBottom());
    const stay = new ResizeObserver(() => this.#isAtBottom && this.toBottom());
    stay.observe(this.inner);
    stay.observe(log);
  }

  /**
   * Make the page show exactly these messages (oldest first); those already shown are kept and updated.
   * Where there are none, it shows `emptyNote`: a sentence, or an element.
   */
  load(messages, { isOtherChannel, emptyNote }) {
    const ids = new Set(isOtherChannel ? [] : messages.map(({ id }) => id));
    for (const view of this.#views.filter(({ message }) => !ids.has(message.id))) this.#drop(view);
    for (const message of messages) this.#put(message);
    this.showEmpty(emptyNote);
    if (isOtherChannel || this.#isAtBottom) this.toBottom();
  }

  /** A message came or changed. `isAnswer`: it came with an answer, which may be older than what is shown. */
  upsert(message, { isAnswer = false } = {}) {
    const known = this.#byId.get(message.id);
    if (known && isAnswer) return;
    const wasThinking = known && known.message.flags & FLAG.LOADING;
    const hadPicture = known?.element.querySelector("img");
    const view = this.#put(message);
    const isFinished =
      known &&
      ((wasThinking && !(message.flags & FLAG.LOADING)) ||
        (!hadPicture && view.element.querySelector("img")));
    if (!known || isFinished) this.announce(view.spoken);
    if (known) return;
    if (!this.#isAtBottom) this.#unseen += 1;
    else while (this.#views.length > MAX_SHOWN) this.#drop(this.#views[0]);
    this.#showNewer();
  }

  showEmpty(note) {
    this.empty.replaceChildren(...(typeof note === "string" ? [icon("brush"), note] : [note]));
  }

  remove(id) {
    const view = this.#byId.get(id);
    if (view) this.#drop(view);
  }

  view(id) {
    return this.#byId.get(id) ?? null;
  }

  /** Names, colours or commands changed: draw what depends on them anew. */
  refresh() {
    for (const view of this.#views) view.update(view.message);
  }

  /** Bring one message into view and mark it for a moment. */
  jump(id) {
    const view = this.#byId.get(id);
    if (!view) return false;
    this.#isAtBottom = false;
    view.element.scrollIntoView({ block: "center" });
    view.element.classList.add("is-found");
    setTimeout(() => view.element.classList.remove("is-found"), 2400);
    return true;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#isAtBottom = true;
    this.#unseen = 0;
    this.#showNewer();
  }

  #put(message) {
    const known = this.#byId.get(message.id);
    if (known) {
      known.update(message);
      return known;
    }
    const view = new MessageView(message, this.app);
    const before = this.#views.findLastIndex((other) => compareIds(other.message.id, message.id) < 0);
    this.inner.insertBefore(view.element, this.#views[before + 1]?.element ?? null);
    this.#views.splice(before + 1, 0, view);
    this.#byId.set(message.id, view);
    this.#placeFrom(before + 1);
    return view;
  }

  #drop(view) {
    const index = this.#views.indexOf(view);
    if (view.element.contains(document.activeElement)) this.log.focus({ preventScroll: true });
    view.element.remove();
    this.#views.splice(index, 1);
    this.#byId.delete(view.message.id);
    this.#placeFrom(index);
  }

  /** Who opens a day or goes on talking depends on the one before: so for this one and for the next. */
  #placeFrom(index) {
    for (const at of [index, index + 1]) this.#views[at]?.place(this.#views[at - 1] ?? null);
    this.empty.hidden = this.#views.length > 0;
  }

  #noteScroll() {
    this.#isAtBottom = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 48;
    if (this.#isAtBottom) this.#unseen = 0;
    this.#showNewer();
  }

  #showNewer() {
    this.newer.hidden = this.#isAtBottom;
    this.newer.replaceChildren(icon("down"), this.#unseen ? `${this.#unseen} new` : "To the newest");
  }
}
