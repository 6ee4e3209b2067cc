/** A list to choose from that floats by its owner: command picker, choices, select menus, message menu. */

import { el, icon } from "./dom.js";

/** Keyboard and ARIA of a floating list. The owner keeps the focus; the list marks the active option. */
export class Listbox {
  static #count = 0; // for ids that are unique on the page

  /**
   * @param {HTMLElement} owner has the focus while the list is open and tells its state
   * @param {{label: string, role?: "listbox"|"menu", isMultiple?: boolean, testId?: string,
   *   onChoose: function, onClose?: function}} settings
   */
  constructor(
    owner,
    { label, role = "listbox", isMultiple = false, testId = null, onChoose, onClose = () => {} },
  ) {
    Listbox.#count += 1;
    this.owner = owner;
    this.onChoose = onChoose;
    this.onClose = onClose;
    this.itemRole = role === "menu" ? "menuitem" : "option";
    this.options = [];
    this.active = -1;
    this.element = el("div", {
      class: "listbox",
      id: `listbox-${Listbox.#count}`,
      role,
      "aria-label": label,
      popover: "manual",
      "data-testid": testId,
      "aria-multiselectable": isMultiple || null,
    });
    this.element.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the owner's focus
    owner.setAttribute("aria-controls", this.element.id);
    owner.setAttribute("aria-haspopup", role);
    this.#tellExpanded(false);
  }

  get isOpen() {
    return this.element.isConnected;
  }

  /**
   * @param {Array<{label, description?, hint?, isSelected?, isDanger?}>} options
   * @param {number} active index of the option marked at first; -1 for none
   */
  show(options, active = -1, note = "") {
    this.options = options;
    if (!this.isOpen) {
      (this.owner.closest("dialog, main") ?? document.body).append(this.element);
      this.element.showPopover();
      this.#tellExpanded(true);
      this.closeOutside = (event) => {
        if (!this.element.contains(event.target) && !this.owner.contains(event.target)) this.hide();
      };
      document.addEventListener("pointerdown", this.closeOutside, true);
      this.replace = () => this.#place();
      window.addEventListener("resize", this.replace);
    }
    this.element.replaceChildren(...options.map((option, index) => this.#option(option, index)));
    if (note) this.element.append(el("p", { class: "listbox__note" }, note));
    this.#place();
    this.#mark(active);
  }

  hide() {
    if (!this.isOpen) return;
    document.removeEventListener("pointerdown", this.closeOutside, true);
    window.removeEventListener("resize", this.replace);
    this.element.remove();
    this.active = -1;
    this.#tellExpanded(false);
    this.owner.removeAttribute("aria-activedescendant");
    this.onClose();
  }

  /** Handle a key of the owner; true when used. Enter and Tab (Space on a button) choose a marked option. */
  handleKey(event) {
    if (!this.isOpen) return false;
    const isChoice =
      ["Enter", "Tab"].includes(event.key) || (event.key === " " && this.owner.tagName === "BUTTON");
    const last = this.options.length - 1;
    const moves = {
      ArrowDown: this.active >= last ? 0 : this.active + 1,
      ArrowUp: this.active <= 0 ? last : this.active - 1,
      PageDown: Math.min(this.active + 8, last),
      PageUp: Math.max(this.active - 8, 0),
    };
    if (event.key in moves && last >= 0) this.#mark(moves[event.key]);
    else if (event.key === "Escape") this.hide();
    else if (isChoice && !event.shiftKey && this.active >= 0) this.#choose(this.active);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** A textarea stays a textbox, which has no expanded state; the active option is told all the same. */
  #tellExpanded(isExpanded) {
    if (this.owner.tagName !== "TEXTAREA") this.owner.setAttribute("aria-expanded", String(isExpanded));
  }

  #option(option, index) {
    return el(
      "div",
      {
        class: `listbox__option${option.isDanger ? " listbox__option--danger" : ""}`,
        id: `${this.element.id}-${index}`,
        role: this.itemRole,
        "aria-selected": this.itemRole === "option" ? String(Boolean(option.isSelected)) : null,
        on: {
          click: () => this.#choose(index),
          pointermove: () => index !== this.active && this.#mark(index, false),
        },
      },
      el("span", { class: "listbox__label" }, option.label),
      option.description ? el("span", { class: "listbox__description" }, option.description) : null,
      option.hint ? el("span", { class: "listbox__hint" }, option.hint) : null,
      option.isSelected ? icon("check") : null,
    );
  }

  #choose(index) {
    this.onChoose(this.options[index], index);
  }

  #mark(index, isScrolled = true) {
    this.element.children[this.active]?.classList.remove("is-active");
    this.active = index < this.options.length ? index : -1;
    const option = this.active >= 0 ? this.element.children[this.active] : null;
    if (!option) {
      this.owner.removeAttribute("aria-activedescendant");
      return;
    }
    option.classList.add("is-active");
    if (isScrolled) option.scrollIntoView({ block: "nearest" });
    this.owner.setAttribute("aria-activedescendant", option.id);
  }

  #place() {
    const anchor = (this.owner.closest("[data-list-anchor]") ?? this.owner).getBoundingClientRect();
    // The composer is at the page's foot: its lists stand above the whole of it.
    const composer = this.owner.closest(".composer")?.getBoundingClientRect();
    const { style } = this.element;
    const gap = 6;
    const top = composer?.top ?? anchor.top;
    const above = top - 2 * gap;
    const below = innerHeight - anchor.bottom - 2 * gap;
    const isBelow = !composer && (below >= Math.min(this.element.scrollHeight, 280) || below > above);
    style.minWidth = `${Math.min(Math.max(anchor.width, 220), innerWidth - 16)}px`;
    style.maxHeight = `${Math.min(isBelow ? below : above, 380)}px`;
    style.top = isBelow ? `${anchor.bottom + gap}px` : "auto";
    style.bottom = isBelow ? "auto" : `${innerHeight - top + gap}px`;
    style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - this.element.offsetWidth - 8))}px`;
  }
}

/**
 * A select menu: a button that opens a list, which closes at one choice or, with several, when left.
 * @param {{label, placeholder, options, min, max, isDisabled, onChange: function(string[]): void, attributes}} settings
 * @returns {{element: HTMLElement, values: function(): string[]}}
 */
export function selectMenu({
  label,
  placeholder,
  options,
  min = 1,
  max = 1,
  isDisabled = false,
  onChange,
  attributes = {},
}) {
  const isMultiple = max > 1;
  let chosen = options.filter((option) => option.isDefault).map((option) => option.value);
  let reported = chosen.join();
  const text = el("span", { class: "select__text" });
  const button = el(
    "button",
    {
      type: "button",
      class: "select",
      role: "combobox",
      "aria-label": label,
      disabled: isDisabled,
      ...attributes,
    },
    text,
    icon("chevron"),
  );
  const report = () => {
    reported = chosen.join();
    onChange(chosen);
  };
  const listbox = new Listbox(button, {
    label,
    isMultiple,
    onChoose: ({ value }) => {
      const isChosen = chosen.includes(value);
      if (isMultiple) {
        if (isChosen) chosen = chosen.filter((other) => other !== value);
        else if (chosen.length < max) chosen = [...chosen, value];
        write();
        open(listbox.active);
        return;
      }
      chosen = isChosen && min === 0 ? [] : [value];
      write();
      listbox.hide();
      report();
    },
    onClose: () => {
      if (isMultiple && chosen.join() !== reported && chosen.length >= min) report();
    },
  });
  const write = () => {
    const labels = options.filter(({ value }) => chosen.includes(value)).map((option) => option.label);
    text.textContent = labels.join(", ") || placeholder || "Choose";
    text.classList.toggle("is-placeholder", labels.length === 0);
  };
  const range = min === max ? max : `${min} to ${max}`;
  const several = isMultiple ? `Choose ${range}, then press Escape or click elsewhere.` : "";
  const open = (active) =>
    listbox.show(
      options.map((option) => ({ ...option, isSelected: chosen.includes(option.value) })),
      active,
      options.length ? several : "There is nothing to choose from.",
    );
  const toggle = () => {
    if (listbox.isOpen) listbox.hide();
    else
      open(
        Math.max(
          0,
          options.findIndex(({ value }) => chosen.includes(value)),
        ),
      );
  };
  button.addEventListener("click", toggle);
  button.addEventListener("blur", () => listbox.hide());
  button.addEventListener("keydown", (event) => {
    if (listbox.handleKey(event) || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    toggle();
  });
  write();
  return { element: button, values: () => chosen };
}
