/** Discord's markdown as DOM nodes. Text becomes text nodes only, so nothing anybody writes can be HTML. */

import { el } from "./dom.js";

const MAX_DEPTH = 10;

/**
 * @param {string} text
 * @param {{world: World, onCommand: function(string): void}} context names for mentions; what starts a command
 * @returns {DocumentFragment}
 */
export function renderMarkdown(text, context) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text.replaceAll("\r\n", "\n"), context, 0));
  return fragment;
}

/** Let every `<t:…:R>` on the page tell the present distance; returns a function that stops it. */
export function startRelativeClock() {
  const timer = setInterval(() => {
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const text = relativeTime(Number(element.dataset.relative));
      if (element.textContent !== text) element.textContent = text;
    }
  }, 1000);
  return () => clearInterval(timer);
}

function blocks(text, context, depth) {
  const nodes = [];
  const lines = text.split("\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) nodes.push(el("p", {}, inline(paragraph.join("\n"), context, depth)));
    paragraph = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    const fence = line.indexOf("```");
    const quote = /^>>> ?|^> ?(?=.)/.exec(line);
    const heading = /^(#{1,3}) +(\S.*)$/.exec(line);
    const subtext = /^-# +(\S.*)$/.exec(line);
    if (fence >= 0) {
      const rest = lines.slice(index).join("\n");
      const block = /^([^`]*)```(?:([\w+-]*)\n)?([\s\S]*?)\n?```/.exec(rest);
      if (block) {
        if (block[1]) paragraph.push(block[1]);
        flush();
        nodes.push(el("pre", { tabindex: "0" }, el("code", { "data-language": block[2] || null }, block[3])));
        const after = rest.slice(block[0].length).replace(/^\n/, "");
        return nodes.concat(after ? blocks(after, context, depth) : []);
      }
      paragraph.push(line);
    } else if (quote && depth < MAX_DEPTH) {
      flush();
      const quoted = [line.slice(quote[0].length)];
      const isToEnd = quote[0].startsWith(">>>");
      while (index + 1 < lines.length && (isToEnd || /^> ?/.test(lines[index + 1]))) {
        index += 1;
        quoted.push(isToEnd ? lines[index] : lines[index].replace(/^> ?/, ""));
      }
      nodes.push(el("blockquote", {}, blocks(quoted.join("\n"), context, depth + 1)));
    } else if (heading) {
      flush();
      nodes.push(el(`h${heading[1].length + 2}`, {}, inline(heading[2], context, depth)));
    } else if (subtext) {
      flush();
      nodes.push(el("p", { class: "subtext" }, inline(subtext[1], context, depth)));
    } else if (listItem(line)) {
      flush();
      const items = [];
      while (index < lines.length && listItem(lines[index])) items.push(listItem(lines[index++]));
      index -= 1;
      nodes.push(list(items, context, depth));
    } else {
      if (line === "") flush();
      else paragraph.push(line);
    }
  }
  flush();
  return nodes;
}

function listItem(line) {
  const found = /^( *)(?:([-*])|(\d{1,9})\.) +(\S.*)$/.exec(line);
  return found && { indent: found[1].length, start: found[3] ? Number(found[3]) : null, text: found[4] };
}

function list(items, context, depth) {
  const [first] = items;
  const element = first.start === null ? el("ul") : el("ol", { start: first.start });
  let index = 0;
  while (index < items.length) {
    const item = el("li", {}, inline(items[index].text, context, depth));
    const { indent } = items[index];
    index += 1;
    const nested = [];
    while (index < items.length && items[index].indent > indent) nested.push(items[index++]);
    if (nested.length && depth < MAX_DEPTH) item.append(list(nested, context, depth + 1));
    element.append(item);
  }
  return element;
}

/** Each rule is tried where the text stands; the first that fits makes the node. `inside`: nested text. */
const RULES = [
  [/\\([^\sA-Za-z0-9])/y, ([, character]) => character],
  [/``([^\n]+?)``(?!`)|`([^`\n]+)`/y, ([, double, single]) => el("code", {}, double ?? single)],
  [/<(https?:\/\/[^\s<>]+)>/y, ([, url]) => link(url, url)],
  [
    /\[((?:\\.|[^\]\\])+)\]\(<?(https?:\/\/[^\s)<>]+)>?(?: "[^"]*")?\)/y,
    ([, label, url], inside) => link(url, ...inside(label)),
  ],
  [/https?:\/\/[^\s<>]*[^\s<>.,:;"'\])!?]/y, ([url]) => link(url, url)],
  [
    /<@!?(\d+)>/y,
    ([whole, id], _, { world }) => mention(`@${world.userName(id) ?? "someone"}`, whole, id === world.me.id),
  ],
  [/<@&(\d+)>/y, ([whole, id], _, { world }) => mention(`@${world.roleName(id) ?? "role"}`, whole)],
  [/<#(\d+)>/y, ([whole, id], _, { world }) => mention(channelName(world, id), whole)],
  [
    /<\/([^:>]{1,100}):(\d+)>/y,
    ([, name], _, { onCommand }) =>
      el(
        "button",
        {
          type: "button",
          class: "mention",
          on: { click: () => onCommand(name) },
        },
        `/${name}`,
      ),
  ],
  [/<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y, ([, seconds, style]) => timestamp(Number(seconds), style ?? "f")],
  [/<a?(:\w+:)\d+>/y, ([, name]) => el("span", { class: "emoji" }, name)],
  [/@(everyone|here)\b/y, ([whole]) => mention(whole, whole)],
  [/\|\|([\s\S]+?)\|\|/y, ([, text], inside) => spoiler(inside(text))],
  [/\*\*\*([\s\S]+?)\*\*\*/y, ([, text], inside) => el("strong", {}, el("em", {}, inside(text)))],
  [/\*\*([\s\S]+?)\*\*(?!\*)/y, ([, text], inside) => el("strong", {}, inside(text))],
  [/__([\s\S]+?)__(?!_)/y, ([, text], inside) => el("u", {}, inside(text))],
  [/~~([\s\S]+?)~~(?!~)/y, ([, text], inside) => el("s", {}, inside(text))],
  [/\*(?=\S)((?:\*\*|[^*])+?)(?<=\S)\*(?!\*)/y, ([, text], inside) => el("em", {}, inside(text))],
  [
    /(?<![A-Za-z0-9])_(?=\S)((?:__|[^_])+?)(?<=\S)_(?![A-Za-z0-9_])/y,
    ([, text], inside) => el("em", {}, inside(text)),
  ],
];

function inline(text, context, depth) {
  if (depth > MAX_DEPTH) return [text];
  const nodes = [];
  let plain = "";
  const flush = () => {
    plain.split("\n").forEach((line, number) => {
      if (number) nodes.push(el("br"));
      if (line) nodes.push(line);
    });
    plain = "";
  };
  const inside = (nested) => inline(nested, context, depth + 1);
  for (let position = 0; position < text.length;) {
    const made = /[\\`<[h@|*_~]/.test(text[position]) ? firstMatch(text, position) : null;
    if (made) {
      const node = made.render(made.match, inside, context);
      if (typeof node === "string") plain += node;
      else {
        flush();
        nodes.push(node);
      }
      position += made.match[0].length;
    } else {
      plain += text[position];
      position += 1;
    }
  }
  flush();
  return nodes;
}

function firstMatch(text, position) {
  for (const [pattern, render] of RULES) {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match) return { match, render };
  }
  return null;
}

function link(url, ...children) {
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url }, children);
}

function mention(text, title, isMe = false) {
  return el("span", { class: `mention${isMe ? " mention--me" : ""}`, title }, text);
}

function channelName(world, id) {
  const channel = world.channel(id);
  return channel ? world.channelTitle(channel) : "#unknown";
}

function spoiler(children) {
  const reveal = (event) => {
    const element = event.currentTarget;
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (element.dataset.revealed) return;
    event.preventDefault();
    element.dataset.revealed = "true";
    element.removeAttribute("role");
    element.removeAttribute("tabindex");
    element.removeAttribute("aria-label");
    element.firstChild.removeAttribute("aria-hidden");
  };
  return el(
    "span",
    {
      class: "spoiler",
      role: "button",
      tabindex: "0",
      "aria-label": "Spoiler, press to reveal",
      on: { click: reveal, keydown: reveal },
    },
    el("span", { "aria-hidden": "true" }, children),
  );
}

const TIMESTAMP_STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};

/** A moment, as `<t:seconds:style>` shows it. */
export function timestamp(seconds, style) {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return `<t:${seconds}>`;
  const full = new Intl.DateTimeFormat(undefined, TIMESTAMP_STYLES.F).format(moment);
  const attributes = { datetime: moment.toISOString(), title: full, class: "moment" };
  if (style === "R") return el("time", { ...attributes, "data-relative": seconds }, relativeTime(seconds));
  return el("time", attributes, new Intl.DateTimeFormat(undefined, TIMESTAMP_STYLES[style]).format(moment));
}

const UNITS = [
  ["year", 31557600],
  ["month", 2629800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function relativeTime(seconds) {
  const distance_s = Math.round(seconds - Date.now() / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(distance_s) >= length) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "always" }).format(
    Math.trunc(distance_s / size),
    unit,
  );
}
