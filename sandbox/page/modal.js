/** A bot's form (modal) as a dialog: draws its fields, checks them, and makes Discord's submission of them. */

import { COMPONENT, selectOptions } from "./components.js";
import { el, fileSize, icon } from "./dom.js";
import { selectMenu } from "./listbox.js";
import { renderMarkdown } from "./markdown.js";

const LONG_TEXT = 2; // text input style "paragraph"

/**
 * Open the form; it closes after a submission that the bot answered, or when left.
 * @param {object} modal {custom_id, title, components} as the bot sent it
 * @param {{world: World, backend: Backend, onCommand: function, onSubmit: function(object): Promise}} app
 *   `onSubmit` gets the interaction's data and rejects with a Refusal
 */
export function openModal(modal, app) {
  const error = el("p", { class: "modal__error", role: "alert", "data-testid": "modal-error", hidden: true });
  const fields = modal.components.map((component) => formItem(component, app));
  const submit = el(
    "button",
    { type: "submit", class: "button button--primary", "data-testid": "modal-submit" },
    "Submit",
  );
  const leave = el(
    "button",
    { type: "button", class: "button button--secondary", "data-testid": "modal-cancel" },
    "Cancel",
  );
  const form = el(
    "form",
    { class: "modal__form", novalidate: true },
    el("h2", { class: "modal__title", id: "modal-title" }, modal.title),
    el(
      "div",
      { class: "modal__fields" },
      fields.map((field) => field.element),
    ),
    error,
    el("div", { class: "modal__buttons" }, leave, submit),
  );
  const dialog = el(
    "dialog",
    {
      class: "modal",
      "aria-labelledby": "modal-title",
      "data-testid": "modal",
      "data-custom-id": modal.custom_id,
    },
    form,
  );
  const say = (sentence) => {
    error.textContent = sentence;
    error.hidden = !sentence;
  };
  leave.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const faulty = fields.filter((field) => !field.check());
    say(faulty.length ? "Please look at the marked fields." : "");
    if (faulty.length) {
      faulty[0].focus();
      return;
    }
    submit.disabled = true;
    submit.setAttribute("aria-busy", "true");
    try {
      await app.onSubmit({ custom_id: modal.custom_id, components: fields.map((field) => field.data()) });
      dialog.close();
    } catch (refusal) {
      say(
        refusal.status === 504 ? "Something went wrong: the bot did not answer. Try again." : refusal.message,
      );
    } finally {
      submit.disabled = false;
      submit.removeAttribute("aria-busy");
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  fields.find((field) => field.isField)?.focus();
}

/** One line of the form: {element, isField, check, focus, data}; `data` is the component as Discord sends it. */
function formItem(component, app) {
  if (component.type === COMPONENT.TEXT) {
    return {
      element: el("div", { class: "prose" }, renderMarkdown(component.content, app)),
      isField: false,
      check: () => true,
      focus: () => {},
      data: () => ({ type: component.type, id: component.id }),
    };
  }
  const isRow = component.type === COMPONENT.ROW;
  const inner = isRow ? component.components[0] : component.component;
  const id = `field-${crypto.randomUUID()}`;
  const control = makeControl(inner, app, id, component.label ?? inner.label ?? inner.placeholder ?? "");
  const isRequired = inner.required !== false && inner.type !== COMPONENT.CHECKBOX;
  const error = el("p", { class: "field__error", id: `${id}-error`, hidden: true });
  const isGroup = [COMPONENT.RADIO_GROUP, COMPONENT.CHECKBOX_GROUP, COMPONENT.CHECKBOX].includes(inner.type);
  const mark = isRequired ? el("span", { class: "field__required", title: "required" }, "*") : null;
  const label = el(
    isGroup ? "legend" : "label",
    { class: "field__label", for: isGroup ? null : id },
    component.label ?? inner.label ?? "",
    mark,
  );
  const description = component.description
    ? el("p", { class: "field__description", id: `${id}-description` }, component.description)
    : null;
  control.target?.setAttribute("aria-describedby", `${description ? `${id}-description ` : ""}${id}-error`);
  const element = el(
    isGroup ? "fieldset" : "div",
    { class: "field" },
    label,
    description,
    control.element,
    error,
  );
  return {
    element,
    isField: true,
    focus: control.focus,
    check: () => {
      const fault = control.fault(isRequired);
      error.textContent = fault;
      error.hidden = !fault;
      control.target?.setAttribute("aria-invalid", String(Boolean(fault)));
      return !fault;
    },
    data: () => {
      const answer = { type: inner.type, id: inner.id, custom_id: inner.custom_id, ...control.value() };
      return isRow
        ? { type: component.type, id: component.id, components: [answer] }
        : { type: component.type, id: component.id, component: answer };
    },
  };
}

function makeControl(component, app, id, label) {
  switch (component.type) {
    case COMPONENT.TEXT_INPUT:
      return textControl(component, id);
    case COMPONENT.FILE_UPLOAD:
      return uploadControl(component, app, id);
    case COMPONENT.RADIO_GROUP:
      return groupControl(component, "radio");
    case COMPONENT.CHECKBOX_GROUP:
      return groupControl(component, "checkbox");
    case COMPONENT.CHECKBOX:
      return checkboxControl(component, label);
    default:
      return selectControl(component, app, id, label);
  }
}

function textControl(component, id) {
  const attributes = {
    id,
    class: "field__input",
    placeholder: component.placeholder,
    maxlength: component.max_length,
    value: component.value ?? "",
    "data-testid": `modal-field-${component.custom_id}`,
  };
  const isLong = component.style === LONG_TEXT;
  const input = isLong
    ? el("textarea", { ...attributes, rows: 4 })
    : el("input", { ...attributes, type: "text" });
  const least = component.min_length ?? 0;
  return {
    element: input,
    target: input,
    focus: () => input.focus(),
    value: () => ({ value: input.value }),
    fault: (isRequired) => {
      if (isRequired && !input.value.trim()) return "Please fill this in.";
      if (input.value && input.value.length < least) return `At least ${least} characters, please.`;
      return "";
    },
  };
}

function selectControl(component, app, id, label) {
  const { element, values } = selectMenu({
    label,
    placeholder: component.placeholder,
    options: selectOptions(component, app.world),
    min: component.required === false ? 0 : (component.min_values ?? 1),
    max: component.max_values ?? 1,
    onChange: () => {},
    attributes: { id, "data-testid": `modal-field-${component.custom_id}` },
  });
  return {
    element,
    target: element,
    focus: () => element.focus(),
    value: () => ({ values: values() }),
    fault: (isRequired) => countFault(values().length, component, isRequired),
  };
}

function groupControl(component, kind) {
  const name = `group-${crypto.randomUUID()}`;
  const inputs = component.options.map((option) =>
    el("input", { type: kind, name, value: option.value, checked: Boolean(option.default) }),
  );
  const element = el(
    "div",
    { class: "field__group", "data-testid": `modal-field-${component.custom_id}` },
    component.options.map((option, index) =>
      el(
        "label",
        { class: "tick" },
        inputs[index],
        el("span", {}, option.label, option.description ? el("small", {}, option.description) : null),
      ),
    ),
  );
  const values = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return {
    element,
    target: null,
    focus: () => (inputs.find((input) => input.checked) ?? inputs[0]).focus(),
    value: () => (kind === "radio" ? { value: values()[0] ?? null } : { values: values() }),
    fault: (isRequired) =>
      kind === "radio"
        ? isRequired && !values().length
          ? "Please choose one."
          : ""
        : countFault(values().length, { max_values: component.options.length, ...component }, isRequired),
  };
}

function checkboxControl(component, label) {
  const input = el("input", { type: "checkbox", checked: Boolean(component.default), "aria-label": label });
  return {
    element: el(
      "label",
      { class: "tick", "data-testid": `modal-field-${component.custom_id}` },
      input,
      el("span", {}, "Yes"),
    ),
    target: input,
    focus: () => input.focus(),
    value: () => ({ value: input.checked }),
    fault: () => "",
  };
}

function uploadControl(component, app, id) {
  const uploaded = [];
  let pending = 0;
  let problem = "";
  const list = el("div", { class: "files", "aria-live": "polite" });
  const input = el("input", {
    id,
    type: "file",
    class: "field__file",
    multiple: (component.max_values ?? 1) > 1,
    "data-testid": `modal-field-${component.custom_id}`,
  });
  input.addEventListener("change", async () => {
    uploaded.length = 0;
    problem = "";
    const files = Array.from(input.files);
    pending = files.length;
    list.replaceChildren(
      ...files.map((file) =>
        el(
          "p",
          { class: "file" },
          icon("file"),
          file.name,
          el("span", { class: "file__size" }, fileSize(file.size)),
        ),
      ),
    );
    for (const file of files) {
      try {
        uploaded.push((await app.backend.upload(file)).id);
      } catch (refusal) {
        problem = refusal.message;
      }
      pending -= 1;
    }
  });
  return {
    element: el("div", {}, input, list),
    target: input,
    focus: () => input.focus(),
    value: () => ({ values: uploaded }),
    fault: (isRequired) =>
      pending
        ? "Still uploading, one moment."
        : problem || countFault(uploaded.length, component, isRequired),
  };
}

function countFault(count, { min_values: least = null, max_values: most = null }, isRequired) {
  const min = isRequired ? Math.max(least ?? 1, 1) : 0;
  if (count < min) return min === 1 ? "Please choose something." : `Please choose at least ${min}.`;
  if (count > (most ?? 1)) return `At most ${most ?? 1}, please.`;
  return "";
}
