/** A chosen command with its options as fields, in place of the text line, until it is sent or left. */

import { commandData, splitPairs } from "./commands.js";
import { el, icon } from "./dom.js";
import { OptionField } from "./option_field.js";

export class CommandForm {
  #fields = new Map();

  /**
   * @param {object} leaf from commands.js `runnable`
   * @param {Map<string, string>} texts what is already typed, by option name
   * @param {{world, backend, onLeave: function, complete: function(object): Promise<Array>}} hooks
   *   `complete` gets an autocomplete interaction's data
   */
  constructor(leaf, texts, hooks) {
    this.leaf = leaf;
    this.hooks = hooks;
    this.hint = el("p", { class: "command__hint", id: "command-hint" }, leaf.description);
    this.box = el("div", { class: "command__fields" });
    this.more = el("div", { class: "command__more", role: "group", "aria-label": "More options" });
    this.element = el(
      "div",
      { class: "command", role: "group", "aria-label": `Command /${leaf.name}` },
      el(
        "div",
        { class: "command__head" },
        el("span", { class: "command__name" }, `/${leaf.name}`),
        this.hint,
        el(
          "button",
          { type: "button", class: "round", "aria-label": "Leave the command", on: { click: hooks.onLeave } },
          icon("close"),
        ),
      ),
      this.box,
      this.more,
    );
    for (const option of leaf.options)
      if (option.required || texts.has(option.name)) this.#add(option, texts.get(option.name) ?? "");
    this.#offerMore();
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Focus the first field that still wants something; without fields, whatever the caller has. */
  focus() {
    const fields = [...this.#fields.values()];
    const field = fields.find(({ text }) => !text) ?? fields.at(-1);
    field?.focus();
    return Boolean(field);
  }

  /** The interaction's data, or null when a field is at fault, which is then said beside it. */
  async read() {
    this.close(); // no list stays open over what is being sent
    const values = new Map();
    let faulty = null;
    for (const [name, field] of this.#fields) {
      const { value, fault = "" } = field.read();
      field.showFault(fault);
      if (fault) faulty ??= field;
      else if (value !== undefined) values.set(name, value);
    }
    if (faulty) {
      faulty.focus();
      return null;
    }
    for (const [name, value] of values) values.set(name, await value); // a file's id, once it is uploaded
    return commandData(this.leaf, values);
  }

  /** Say a refusal beside the option it is about; false when that option is not here. */
  showFault(name, sentence) {
    const option = this.leaf.options.find((known) => known.name === name);
    if (!option) return false;
    const field = this.#fields.get(name) ?? this.#add(option, "");
    field.showFault(sentence);
    field.focus();
    return true;
  }

  /** What is typed now, to bring the command back later. */
  texts() {
    return new Map(
      [...this.#fields].filter(([, field]) => !field.fileNote).map(([name, field]) => [name, field.text]),
    );
  }

  close() {
    for (const field of this.#fields.values()) field.close();
  }

  #add(option, text) {
    const field = new OptionField(option, {
      ...this.hooks,
      onFocus: () => {
        this.hint.textContent = option.description;
      },
      onRemove: () => this.#remove(field),
      onText: () => this.#distribute(field),
      complete: () => this.#complete(field),
    });
    if (!field.fileNote) field.text = text;
    this.#fields.set(option.name, field);
    this.box.append(field.element);
    this.#offerMore();
    return field;
  }

  #remove(field) {
    field.close();
    field.element.remove();
    this.#fields.delete(field.option.name);
    this.#offerMore();
    if (!this.focus()) this.more.querySelector("button")?.focus();
  }

  #offerMore() {
    const left = this.leaf.options.filter(({ name }) => !this.#fields.has(name));
    this.more.replaceChildren(
      ...left.map((option) =>
        el(
          "button",
          {
            type: "button",
            class: "chip",
            title: option.description,
            "data-testid": `add-option-${option.name}`,
            on: { click: () => this.#add(option, "").focus() },
          },
          icon("plus"),
          option.name,
        ),
      ),
    );
    this.more.hidden = left.length === 0;
  }

  /** "1girl aspect:" typed or pasted into a field goes on in the field of that name. */
  #distribute(field) {
    const open = this.leaf.options.filter(
      ({ name }) => name === field.option.name || !this.#fields.get(name)?.text,
    );
    const { lead, pairs } = splitPairs(field.text, open);
    if (!pairs.length) return;
    const own = pairs.find(([name]) => name === field.option.name);
    field.text = [lead, own?.[1]].filter(Boolean).join(" ");
    let last = field;
    for (const [name, text] of pairs) {
      if (name === field.option.name) continue;
      last =
        this.#fields.get(name) ??
        this.#add(
          this.leaf.options.find((option) => option.name === name),
          "",
        );
      if (!last.fileNote) last.text = text;
    }
    if (last !== field) last.focus();
  }

  #complete(focused) {
    const values = new Map();
    for (const [name, field] of this.#fields) {
      const { value } = field === focused ? { value: field.text } : field.fileNote ? {} : field.read();
      if (value !== undefined) values.set(name, value);
    }
    return this.hooks.complete(commandData(this.leaf, values, focused.option.name));
  }

  #onKey(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const isTyping = event.target.matches(".option__input");
    if (event.key === "Escape") {
      event.preventDefault();
      this.hooks.onLeave();
    } else if (event.key === "Enter" && isTyping) {
      event.preventDefault();
      event.target.form.requestSubmit();
    } else if (event.key === "Backspace" && isTyping && !event.target.value) {
      const field = [...this.#fields.values()].find(({ input }) => input === event.target);
      if (field && !field.option.required) {
        event.preventDefault();
        this.#remove(field);
      }
    }
  }
}
