/** Pictures in messages: single, in justified rows, hidden as spoilers, and enlarged in a dialog. */

import { el, icon } from "./dom.js";

/**
 * Lay pictures out in rows without cropping: each row's pictures share its height by their proportions.
 * @param {Array<{url, width, height, description, spoiler}>} items
 * @param {Map<string, Element>} kept pictures already on the page, by key: taken over, so as not to flicker
 */
export function gallery(items, kept) {
  const rowCount = Math.ceil(items.length / 3);
  const rows = Array.from({ length: rowCount }, (_, row) =>
    items.slice(
      Math.floor((row * items.length) / rowCount),
      Math.floor(((row + 1) * items.length) / rowCount),
    ),
  );
  return el(
    "div",
    { class: `gallery${items.length === 1 ? " gallery--single" : ""}` },
    rows.map((row) =>
      el(
        "div",
        { class: "gallery__row" },
        row.map((item) => picture(item, kept)),
      ),
    ),
  );
}

/** One picture as a button that enlarges it (or first reveals it, when a spoiler). */
export function picture(item, kept) {
  const key = JSON.stringify([item.url, item.description ?? "", Boolean(item.spoiler)]);
  const known = kept.get(key);
  if (known) {
    kept.delete(key);
    return known;
  }
  const alt = item.description ?? "";
  const image = el("img", {
    src: item.url,
    alt: alt || "Picture without a description",
    width: item.width,
    height: item.height,
    decoding: "async",
    "data-testid": "message-image",
  });
  const button = el("button", { type: "button", class: "picture", "data-picture-key": key }, image);
  const ratio = item.width && item.height ? item.width / item.height : 0;
  if (ratio) {
    button.style.setProperty("--ratio", ratio);
    button.style.setProperty("--natural", `${item.width}px`);
  }
  if (item.spoiler) {
    button.classList.add("picture--spoiler");
    button.setAttribute("aria-label", "Spoiler picture, press to reveal");
    button.append(el("span", { class: "picture__veil" }, icon("eye"), "Spoiler"));
  }
  image.addEventListener("error", () => button.classList.add("picture--broken"));
  button.addEventListener("click", () => {
    if (button.classList.contains("picture--spoiler")) {
      button.classList.remove("picture--spoiler");
      button.removeAttribute("aria-label");
      button.querySelector(".picture__veil").remove();
    } else openViewer(button);
  });
  return button;
}

/** The pictures now in an element, by key, for `kept` of the drawing that follows. */
export function picturesIn(element) {
  return new Map(
    Array.from(element.querySelectorAll("[data-picture-key]"), (found) => [found.dataset.pictureKey, found]),
  );
}

/** Wire the one dialog that shows a picture large; left and right go through the pictures of its message. */
export function prepareViewer() {
  const dialog = document.getElementById("viewer");
  const buttons = {
    "viewer-previous": "left",
    "viewer-next": "right",
    "viewer-original": "external",
    "viewer-close": "close",
  };
  for (const [id, name] of Object.entries(buttons)) document.getElementById(id).append(icon(name));
  document.getElementById("viewer-close").addEventListener("click", () => dialog.close());
  document.getElementById("viewer-previous").addEventListener("click", () => step(dialog, -1));
  document.getElementById("viewer-next").addEventListener("click", () => step(dialog, 1));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.classList.contains("viewer__frame")) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(dialog, -1);
    if (event.key === "ArrowRight") step(dialog, 1);
  });
}

function openViewer(button) {
  const dialog = document.getElementById("viewer");
  const scope = button.closest("[data-message-id]") ?? button.parentElement;
  const shown = new Map(); // by address: a thumbnail repeats a picture
  for (const image of scope.querySelectorAll(".picture:not(.picture--spoiler) img"))
    if (!shown.has(image.src)) shown.set(image.src, image);
  dialog.pictures = Array.from(shown.values(), ({ src, alt, naturalWidth, naturalHeight }) => ({
    url: src,
    alt,
    width: naturalWidth,
    height: naturalHeight,
  }));
  dialog.at = [...shown.keys()].indexOf(button.querySelector("img").src);
  step(dialog, 0);
  dialog.showModal();
}

function step(dialog, distance) {
  const { pictures } = dialog;
  dialog.at = (dialog.at + distance + pictures.length) % pictures.length;
  const { url, alt, width, height } = pictures[dialog.at];
  const image = document.getElementById("viewer-image");
  image.src = url;
  image.alt = alt;
  document
    .getElementById("viewer-caption")
    .replaceChildren(
      el("span", { class: "viewer__alt" }, alt),
      el(
        "span",
        { class: "viewer__size" },
        width ? `${width} × ${height}` : "",
        pictures.length > 1 ? ` · ${dialog.at + 1} of ${pictures.length}` : "",
      ),
    );
  document.getElementById("viewer-original").href = url;
  for (const id of ["viewer-previous", "viewer-next"])
    document.getElementById(id).hidden = pictures.length < 2;
}
