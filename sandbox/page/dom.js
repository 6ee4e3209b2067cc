/** Making elements and icons without ever parsing HTML: text given here stays text. Knows nothing of chat. */

const AS_PROPERTY = new Set([
  "value",
  "checked",
  "selected",
  "disabled",
  "hidden",
  "textContent",
  "multiple",
]);

/**
 * Make an element. `attributes.on` maps event names to listeners; null, undefined and false are left out.
 * Children are nodes or strings (strings become text nodes); null and false children are skipped.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (AS_PROPERTY.has(name)) {
      if (value !== undefined && value !== null) element[name] = value;
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

const ICON_PATHS = {
  age: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM6.5 13.5l7-7",
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13M3 12.5h13",
  thread: "M4 4v6a3 3 0 0 0 3 3h9M12.5 9.5 16 13l-3.5 3.5",
  forum: "M3 4h10v7H7l-2.5 2.5V11H3zM15 8h2v6h-1.5v2.5L13 14H9.5v-1",
  calendar: "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3.5M13 3v3.5",
  place: "M10 17s5-5 5-9a5 5 0 0 0-10 0c0 4 5 9 5 9zM10 9.5h.01",
  envelope: "M3 5h14v10H3zM3 5.5l7 5.5 7-5.5",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1",
  moon: "M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z",
  menu: "M3 5.5h14M3 10h14M3 14.5h9",
  close: "M5 5l10 10M15 5 5 15",
  dots: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  send: "M3.5 10 16.5 3.5 13 16.5l-3.5-5zM9.5 11.5l7-8",
  plus: "M10 4v12M4 10h12",
  file: "M5 2.5h6l4 4v11H5zM11 2.5v4h4",
  chevron: "M5.5 8l4.5 4.5L14.5 8",
  left: "M12.5 4.5 7 10l5.5 5.5",
  right: "M7.5 4.5 13 10l-5.5 5.5",
  reply: "M4 15v-3a4 4 0 0 1 4-4h8",
  eye: "M2.5 10s2.7-5 7.5-5 7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  brush: "M4 16c.6-4 2.5-6 6-9.5l3.5 3.5C10 13.5 8 15.4 4 16zM12 4.5l1.5-1.5a2.47 2.47 0 0 1 3.5 3.5L15.5 8",
  external: "M11 4h5v5M16 4l-7 7M8 5H4v11h11v-4",
  check: "M4 10.5l4 4 8-9",
  down: "M10 4v11M5 10.5l5 5 5-5",
};

/** An icon of the page's own set, 20 units square, drawn in the text's colour; hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon--${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICON_PATHS[name]);
  svg.append(path);
  return svg;
}

/** A person's or the bot's mark: initials on their colour; the bot's is a brush on a square seal. */
export function avatar({ name, color, isBot }) {
  const mark = el("span", { class: `avatar${isBot ? " avatar--bot" : ""}`, "aria-hidden": "true" });
  mark.append(isBot ? icon("brush") : (Array.from(name)[0]?.toUpperCase() ?? "?"));
  if (color) mark.style.setProperty("--person", color);
  return mark;
}

/** Newer snowflakes are longer or, at equal length, later in order; numbers of 64 bits don't fit a double. */
export function compareIds(left, right) {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}

/** "1.2 MB" from a number of bytes. */
export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const step = bytes < 1024 * 1024 ? [1024, "KB"] : [1024 * 1024, "MB"];
  return `${(bytes / step[0]).toFixed(bytes < 10 * step[0] ? 1 : 0)} ${step[1]}`;
}
