/** Components in messages, the old rows and Components V2: buttons, menus, containers, media. Forms: modal.js. */

import { el, fileSize, icon } from "./dom.js";
import { selectMenu } from "./listbox.js";
import { renderMarkdown } from "./markdown.js";
import { gallery, picture } from "./pictures.js";

export const COMPONENT = {
  ROW: 1,
  BUTTON: 2,
  STRING_SELECT: 3,
  TEXT_INPUT: 4,
  USER_SELECT: 5,
  ROLE_SELECT: 6,
  MENTIONABLE_SELECT: 7,
  CHANNEL_SELECT: 8,
  SECTION: 9,
  TEXT: 10,
  THUMBNAIL: 11,
  GALLERY: 12,
  FILE: 13,
  SEPARATOR: 14,
  CONTAINER: 17,
  LABEL: 18,
  FILE_UPLOAD: 19,
  RADIO_GROUP: 21,
  CHECKBOX_GROUP: 22,
  CHECKBOX: 23,
};

const BUTTON_STYLE = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/**
 * Draw a message's components.
 * @param {object[]} components Discord's component objects
 * @param {object} context
 * @param {object} context.message the message they belong to
 * @param {World} context.world
 * @param {Map} context.kept pictures to take over, see pictures.js
 * @param {function(object, object, Element): void} context.onUse gets the component, the interaction's data
 *   beyond custom_id and component_type, and the element pressed
 * @param {function(string): void} context.onCommand
 */
export function renderComponents(components, context) {
  return el(
    "div",
    { class: "components" },
    components.map((component) => render(component, context)),
  );
}

function render(component, context) {
  switch (component.type) {
    case COMPONENT.ROW:
      return el(
        "div",
        { class: "row" },
        component.components.map((child) => render(child, context)),
      );
    case COMPONENT.BUTTON:
      return button(component, context);
    case COMPONENT.STRING_SELECT:
    case COMPONENT.USER_SELECT:
    case COMPONENT.ROLE_SELECT:
    case COMPONENT.MENTIONABLE_SELECT:
    case COMPONENT.CHANNEL_SELECT:
      return select(component, context);
    case COMPONENT.SECTION:
      return el(
        "div",
        { class: "section" },
        el(
          "div",
          { class: "section__texts" },
          component.components.map((child) => render(child, context)),
        ),
        component.accessory
          ? el("div", { class: "section__accessory" }, render(component.accessory, context))
          : null,
      );
    case COMPONENT.TEXT:
      return el("div", { class: "prose" }, renderMarkdown(component.content, context));
    case COMPONENT.THUMBNAIL:
      return el("div", { class: "thumbnail" }, picture(mediaItem(component, context), context.kept));
    case COMPONENT.GALLERY:
      return gallery(
        component.items.map((item) => mediaItem(item, context)),
        context.kept,
      );
    case COMPONENT.FILE:
      return componentFile(component, context);
    case COMPONENT.SEPARATOR:
      return el("hr", {
        class: ["gap", component.spacing === 2 && "gap--large", component.divider === false && "gap--bare"]
          .filter(Boolean)
          .join(" "),
      });
    case COMPONENT.CONTAINER:
      return container(component, context);
    default:
      return el(
        "p",
        { class: "subtext" },
        `A component of type ${component.type}, which this page does not show.`,
      );
  }
}

/** Options of a select menu component, for messages and forms alike. */
export function selectOptions(component, world) {
  if (component.type === COMPONENT.STRING_SELECT) {
    return (component.options ?? []).map((option) => ({
      value: option.value,
      label: `${option.emoji?.name ? `${option.emoji.name} ` : ""}${option.label}`,
      description: option.description ?? "",
      isDefault: Boolean(option.default),
    }));
  }
  const defaults = (component.default_values ?? []).map(({ id }) => id);
  const isMentionable = component.type === COMPONENT.MENTIONABLE_SELECT;
  const entities = world.entities({
    users: isMentionable || component.type === COMPONENT.USER_SELECT,
    roles: isMentionable || component.type === COMPONENT.ROLE_SELECT,
    channels: component.type === COMPONENT.CHANNEL_SELECT,
    channelTypes: component.channel_types,
  });
  return entities.map((entity) => ({ ...entity, isDefault: defaults.includes(entity.value) }));
}

/** A link to a file that is not shown as a picture. */
export function fileLink({ url, filename, size }) {
  return el(
    "a",
    { class: "file", href: url, target: "_blank", rel: "noopener", download: filename },
    icon("file"),
    el("span", { class: "file__name" }, filename),
    size ? el("span", { class: "file__size" }, fileSize(size)) : null,
  );
}

function button(component, context) {
  const emoji = component.emoji?.name
    ? el(
        "span",
        { class: "button__emoji", "aria-hidden": component.label ? "true" : null },
        component.emoji.id ? `:${component.emoji.name}:` : component.emoji.name,
      )
    : null;
  const look = {
    class: `button button--${BUTTON_STYLE[component.style] ?? "secondary"}`,
    "data-custom-id": component.custom_id,
  };
  if (component.url) {
    return el(
      "a",
      {
        ...look,
        href: /^https?:/.test(component.url) && !component.disabled ? component.url : null,
        "aria-disabled": component.disabled || null,
        target: "_blank",
        rel: "noopener noreferrer",
      },
      emoji,
      component.label ?? null,
      icon("external"),
    );
  }
  const element = el(
    "button",
    { ...look, type: "button", disabled: Boolean(component.disabled) },
    emoji,
    component.label ?? null,
  );
  element.addEventListener("click", () => {
    if (!element.hasAttribute("aria-busy")) context.onUse(component, {}, element);
  });
  return element;
}

function select(component, context) {
  const { element } = selectMenu({
    label: component.placeholder || "Choose",
    placeholder: component.placeholder,
    options: selectOptions(component, context.world),
    min: component.min_values ?? 1,
    max: component.max_values ?? 1,
    isDisabled: Boolean(component.disabled),
    attributes: { "data-custom-id": component.custom_id },
    onChange: (values) => context.onUse(component, { values }, element),
  });
  return element;
}

function container(component, context) {
  const content = component.components.map((child) => render(child, context));
  const element = el("div", { class: "container" }, content);
  if (typeof component.accent_color === "number")
    element.style.setProperty("--accent-color", cssColor(component.accent_color));
  if (!component.spoiler) return element;
  element.inert = true;
  const veiled = el("div", { class: "veiled" }, element);
  const reveal = el(
    "button",
    { type: "button", class: "button button--secondary veiled__reveal" },
    icon("eye"),
    "Show spoiler",
  );
  reveal.addEventListener("click", () => {
    element.inert = false;
    veiled.classList.add("is-revealed");
    reveal.remove();
  });
  veiled.append(reveal);
  return veiled;
}

/** "#rrggbb" of a colour number as Discord gives it. */
export function cssColor(number) {
  return `#${number.toString(16).padStart(6, "0")}`;
}

/** A gallery item or thumbnail as picture, its size taken from the attachment where the media tells none. */
function mediaItem(item, { message }) {
  const attachment = attachmentOf(item.media, message);
  return {
    url: attachment?.url ?? item.media.url,
    width: item.media.width ?? attachment?.width,
    height: item.media.height ?? attachment?.height,
    description: item.description ?? attachment?.description,
    spoiler: item.spoiler,
  };
}

function componentFile(component, { message }) {
  const attachment = attachmentOf(component.file, message);
  const url = attachment?.url ?? component.file.url;
  const filename = component.name ?? attachment?.filename ?? decodeURIComponent(url.split("/").at(-1));
  return fileLink({ url, filename, size: component.size ?? attachment?.size });
}

function attachmentOf(media, message) {
  const name = media.url.startsWith("attachment://") ? media.url.slice("attachment://".length) : null;
  return message.attachments?.find(
    ({ id, filename, url }) => filename === name || url === media.url || id === media.attachment_id,
  );
}
