/** What a message shows without components: its attachments and embeds. */

import { cssColor, fileLink } from "./components.js";
import { el } from "./dom.js";
import { renderMarkdown } from "./markdown.js";
import { gallery, picture } from "./pictures.js";

/** A message's own pictures and files, but for those that one of its embeds shows. */
export function renderAttachments(message, kept) {
  const inEmbeds = JSON.stringify(message.embeds ?? []);
  const shown = (message.attachments ?? []).filter(
    ({ url, filename }) =>
      !inEmbeds.includes(JSON.stringify(url)) &&
      !inEmbeds.includes(JSON.stringify(`attachment://${filename}`)),
  );
  const isPicture = ({ content_type: type, filename }) =>
    type ? type.startsWith("image/") : /\.(png|jpe?g|webp|gif)$/i.test(filename);
  const pictures = shown
    .filter(isPicture)
    .map((item) => ({ ...item, spoiler: item.filename.startsWith("SPOILER_") }));
  const files = shown.filter((item) => !isPicture(item));
  return [
    pictures.length ? gallery(pictures, kept) : null,
    files.length ? el("div", { class: "files" }, files.map(fileLink)) : null,
  ].filter(Boolean);
}

/** One embed: author, title, text, fields, pictures, footer. `context` as for components. */
export function renderEmbed(embed, context) {
  const text = (markdown) => renderMarkdown(markdown, context);
  const media = (found) => {
    const name = found.url.startsWith("attachment://") ? found.url.slice("attachment://".length) : null;
    const attachment = context.message.attachments?.find(
      ({ filename, url }) => filename === name || url === found.url,
    );
    return picture(
      {
        ...found,
        ...(attachment && {
          url: attachment.url,
          width: attachment.width,
          height: attachment.height,
          description: attachment.description,
        }),
      },
      context.kept,
    );
  };
  const title =
    embed.title &&
    el(
      "h3",
      { class: "embed__title" },
      embed.url && /^https?:/.test(embed.url)
        ? el("a", { href: embed.url, target: "_blank", rel: "noopener noreferrer" }, text(embed.title))
        : text(embed.title),
    );
  const fields =
    embed.fields?.length &&
    el(
      "dl",
      { class: "embed__fields" },
      embed.fields.map(({ name, value, inline }) =>
        el(
          "div",
          { class: inline ? "is-inline" : null },
          el("dt", {}, text(name)),
          el("dd", { class: "prose" }, text(value)),
        ),
      ),
    );
  const foot = [embed.footer?.text, embed.timestamp && new Date(embed.timestamp).toLocaleString()]
    .filter(Boolean)
    .join(" · ");
  const element = el(
    "div",
    { class: "embed" },
    embed.thumbnail ? el("div", { class: "thumbnail" }, media(embed.thumbnail)) : null,
    embed.author?.name ? el("p", { class: "embed__author" }, embed.author.name) : null,
    title,
    embed.description ? el("div", { class: "prose" }, text(embed.description)) : null,
    fields,
    embed.image
      ? el(
          "div",
          { class: "gallery gallery--single" },
          el("div", { class: "gallery__row" }, media(embed.image)),
        )
      : null,
    foot ? el("p", { class: "embed__foot" }, foot) : null,
  );
  if (typeof embed.color === "number") element.style.setProperty("--accent-color", cssColor(embed.color));
  return element;
}
