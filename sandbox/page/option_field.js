/** One option of a chosen command as a field: text, number, fixed choices, autocomplete or a file. */

import { OPTION, fittingChoices, fixedChoices, readValue } from "./commands.js";
import { el, fileSize, icon } from "./dom.js";
import { Listbox } from "./listbox.js";

const AUTOCOMPLETE_PAUSE_MS = 180;

export class OptionField {
  #picked = null; // {label, value} of the choice taken, while the text is still its label
  #asked = 0;
  #timer = null;

  /**
   * @param {object} option Discord's option object
   * @param {object} hooks
   * @param {World} hooks.world
   * @param {Backend} hooks.backend
   * @param {function(OptionField): void} hooks.onFocus
   * @param {function(OptionField): void} hooks.onRemove only for optional ones
   * @param {function(OptionField): void} hooks.onText after typing; may take parts of the text elsewhere
   * @param {function(OptionField, string): Promise<Array>} hooks.complete resolves to Discord's choices
   */
  constructor(option, hooks) {
    this.option = option;
    this.hooks = hooks;
    this.choices = fixedChoices(option, hooks.world);
    this.hasList = Boolean(this.choices || option.autocomplete);
    const id = `option-${option.name}`;
    this.error = el("p", { class: "option__error", id: `${id}-error`, hidden: true });
    this.input = option.type === OPTION.ATTACHMENT ? this.#fileInput(id) : this.#textInput(id);
    this.element = el(
      "div",
      { class: `option option--${this.#width()}` },
      el(
        "div",
        { class: "option__box", "data-list-anchor": true },
        el("label", { class: "option__name", for: id }, option.name),
        this.input,
        this.fileNote ?? null,
        option.required
          ? null
          : el(
              "button",
              {
                type: "button",
                class: "option__remove",
                tabindex: "-1",
                "aria-label": `Remove ${option.name}`,
                on: { click: () => hooks.onRemove(this) },
              },
              icon("close"),
            ),
      ),
      this.error,
    );
    if (this.hasList) this.#prepareList();
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.#picked = null;
  }

  focus() {
    this.input.focus();
  }

  /** {value}, {fault} or {} when left empty. */
  read() {
    const { option } = this;
    if (option.type === OPTION.ATTACHMENT) return this.#readFile();
    const text = this.text.trim();
    if (!text) return option.required ? { fault: "This one is needed." } : {};
    if (this.#picked && this.#picked.label === this.text) return { value: this.#picked.value };
    if (!this.choices) return readValue(option, text);
    const [choice] = fittingChoices(this.choices, text);
    if (!choice) return { fault: `“${text.slice(0, 60)}” is none of the choices.` };
    this.#take(choice);
    return { value: choice.value };
  }

  showFault(sentence) {
    this.error.textContent = sentence;
    this.error.hidden = !sentence;
    this.input.setAttribute("aria-invalid", String(Boolean(sentence)));
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.listbox?.hide();
  }

  #width() {
    if (this.option.type === OPTION.STRING && !this.choices) return "wide";
    return this.option.type === OPTION.ATTACHMENT || this.choices ? "middle" : "narrow";
  }

  #textInput(id) {
    const { option } = this;
    const isNumber = option.type === OPTION.INTEGER || option.type === OPTION.NUMBER;
    const isFlowing = option.type === OPTION.STRING && !this.choices;
    const input = el(isFlowing ? "textarea" : "input", {
      id,
      class: "option__input",
      autocomplete: "off",
      spellcheck: "false",
      "data-testid": `command-option-${option.name}`,
      "aria-describedby": `command-hint ${id}-error`,
      "aria-required": String(Boolean(option.required)),
      rows: isFlowing ? 1 : null,
      type: isFlowing ? null : "text",
      inputmode: isNumber ? "decimal" : null,
      placeholder: this.choices
        ? "choose"
        : isNumber
          ? "number"
          : option.autocomplete
            ? "type for suggestions"
            : "text",
    });
    input.addEventListener("input", () => {
      this.#picked = null;
      if (isFlowing && input.value.includes("\n")) input.value = input.value.replace(/\s*\n\s*/g, " ");
      this.showFault("");
      this.hooks.onText(this);
      this.#offer();
    });
    input.addEventListener("focus", () => {
      this.hooks.onFocus(this);
      if (this.choices) this.#offer();
    });
    input.addEventListener("blur", () => this.close());
    return input;
  }

  #prepareList() {
    if (this.input.tagName !== "TEXTAREA") this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.listbox = new Listbox(this.input, {
      label: `Choices for ${this.option.name}`,
      testId: `choices-${this.option.name}`,
      onChoose: (choice) => {
        this.#take(choice);
        this.listbox.hide();
        this.input.focus();
      },
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const isTab = event.key === "Tab"; // chooses, and moves on as it always does
      if (isTab && this.listbox.isOpen && this.listbox.active >= 0 && !event.shiftKey) {
        this.#take(this.listbox.options[this.listbox.active]);
        this.listbox.hide();
      } else if (!isTab && !this.listbox.handleKey(event) && event.key === "ArrowDown") {
        event.preventDefault();
        this.#offer();
      }
    });
  }

  #take({ label, value }) {
    this.input.value = label;
    this.#picked = { label, value };
    this.showFault("");
  }

  #offer() {
    if (this.choices) {
      const shown = this.#picked ? this.choices : fittingChoices(this.choices, this.text);
      if (!shown.length) this.listbox.hide();
      else
        this.listbox.show(
          shown.map((choice) => ({ ...choice, isSelected: choice.value === this.#picked?.value })),
          this.text && !this.#picked ? 0 : -1,
        );
      return;
    }
    if (!this.option.autocomplete) return;
    clearTimeout(this.#timer);
    this.#asked += 1;
    const number = this.#asked;
    this.#timer = setTimeout(async () => {
      let choices = [];
      let note = "";
      try {
        choices = await this.hooks.complete(this, this.text);
      } catch (refusal) {
        note = refusal.status === 504 ? "No suggestions came in time." : refusal.message;
      }
      if (number !== this.#asked || document.activeElement !== this.input) return;
      if (choices.length || note)
        this.listbox.show(
          choices.map(({ name, value }) => ({ label: name, value })),
          -1,
          note,
        );
      else this.listbox.hide();
    }, AUTOCOMPLETE_PAUSE_MS);
  }

  #fileInput(id) {
    const input = el("input", {
      id,
      class: "option__file",
      type: "file",
      "data-testid": `command-option-${this.option.name}`,
      "aria-describedby": `command-hint ${id}-error`,
      "aria-required": String(Boolean(this.option.required)),
    });
    this.fileNote = el("span", { class: "option__filenote", "aria-live": "polite" }, "no file yet");
    input.addEventListener("focus", () => this.hooks.onFocus(this));
    input.addEventListener("change", () => {
      this.showFault("");
      const [file] = input.files;
      this.uploading = file ? this.hooks.backend.upload(file) : null;
      this.uploading?.catch((refusal) => this.showFault(refusal.message));
      this.fileNote.textContent = file ? `${file.name}, ${fileSize(file.size)}` : "no file yet";
    });
    return input;
  }

  /** A file's value is a promise of its id, for the upload may still run. */
  #readFile() {
    if (!this.uploading) return this.option.required ? { fault: "Please choose a file." } : {};
    return { value: this.uploading.then(({ id }) => id) };
  }
}
