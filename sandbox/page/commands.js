/** Slash commands as data: which there are, what a typed line means, interactions' data. Touches no page. */

export const OPTION = {
  SUBCOMMAND: 1,
  GROUP: 2,
  STRING: 3,
  INTEGER: 4,
  BOOLEAN: 5,
  USER: 6,
  CHANNEL: 7,
  ROLE: 8,
  MENTIONABLE: 9,
  NUMBER: 10,
  ATTACHMENT: 11,
};
export const COMMAND = { SLASH: 1, USER: 2, MESSAGE: 3 };

/**
 * What can be run by typing: each slash command, or each of its subcommands.
 * @returns {Array<{command: object, path: string[], name: string, description: string, options: object[]}>}
 */
export function runnable(commands) {
  const leaves = [];
  const walk = (command, path, node) => {
    const nested = (node.options ?? []).filter(
      ({ type }) => type === OPTION.SUBCOMMAND || type === OPTION.GROUP,
    );
    if (nested.length) nested.forEach((child) => walk(command, [...path, child.name], child));
    else
      leaves.push({
        command,
        path,
        name: path.join(" "),
        description: node.description,
        options: node.options ?? [],
      });
  };
  for (const command of commands)
    if ((command.type ?? COMMAND.SLASH) === COMMAND.SLASH) walk(command, [command.name], command);
  return leaves.sort((left, right) => left.name.localeCompare(right.name));
}

/** Those that fit what was typed after "/", the best first: by beginning, part of the name, description. */
export function fitting(leaves, query) {
  const text = query.trim().toLowerCase();
  const rank = ({ name, description }) =>
    [name.startsWith(text), name.includes(text), description.toLowerCase().includes(text)].indexOf(true);
  return leaves
    .map((leaf) => [rank(leaf), leaf])
    .filter(([place]) => place >= 0)
    .sort(([left], [right]) => left - right)
    .map(([, leaf]) => leaf);
}

/**
 * Read a whole typed line, "/imagine tags:1girl, solo aspect:portrait".
 * @returns {{leaf: object, texts: Map<string, string>, isBare: boolean}|null}
 *   null when no command begins it; `isBare`: nothing stands after the name
 */
export function parseLine(text, leaves) {
  const line = text.trim().replace(/^\//, "").replace(/\s+/g, " ");
  const leaf = leaves
    .filter(({ name }) => line === name || line.startsWith(`${name} `))
    .sort((left, right) => right.name.length - left.name.length)[0];
  if (!leaf) return null;
  const rest = line.slice(leaf.name.length).trim();
  const { lead, pairs } = splitPairs(rest, leaf.options);
  const texts = new Map(pairs);
  const first = leaf.options.find(({ type, name }) => type === OPTION.STRING && !texts.has(name));
  if (lead && first) texts.set(first.name, lead);
  return { leaf, texts, isBare: rest === "" };
}

/**
 * Split "some text aspect:portrait seed:7" at the names of options.
 * @returns {{lead: string, pairs: Array<[string, string]>}} `lead` is what stands before the first name
 */
export function splitPairs(text, options) {
  if (!options.length) return { lead: text, pairs: [] };
  const names = options.map(({ name }) => name).sort((left, right) => right.length - left.length);
  const pattern = new RegExp(
    `(?<=^|\\s)(${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")}):`,
    "giu",
  );
  const found = [...text.matchAll(pattern)];
  const pairs = found.map((match, index) => {
    const value = text.slice(match.index + match[0].length, found[index + 1]?.index ?? text.length);
    return [match[1].toLowerCase(), value.trim()];
  });
  return { lead: text.slice(0, found[0]?.index ?? text.length).trim(), pairs };
}

/** The fixed values an option offers as listbox options, or null when any value may be typed. */
export function fixedChoices(option, world) {
  if (option.choices?.length) return option.choices.map(({ name, value }) => ({ label: name, value }));
  switch (option.type) {
    case OPTION.BOOLEAN:
      return [
        { label: "True", value: true },
        { label: "False", value: false },
      ];
    case OPTION.USER:
      return world.entities({ users: true });
    case OPTION.ROLE:
      return world.entities({ roles: true });
    case OPTION.MENTIONABLE:
      return world.entities({ users: true, roles: true });
    case OPTION.CHANNEL:
      return world.entities({ channels: true, channelTypes: option.channel_types });
    default:
      return null;
  }
}

/** The choices that fit a typed text, the best first; all of them for an empty text. */
export function fittingChoices(choices, text) {
  const plain = (value) =>
    String(value)
      .toLowerCase()
      .replace(/^[@#]|^<[@#]&?(\d+)>$/g, "$1");
  const wanted = plain(text.trim());
  const rank = ({ label, value }) => {
    const [name, key] = [plain(label), plain(value)];
    return [
      name === wanted || key === wanted,
      name.startsWith(wanted) || key.startsWith(wanted),
      name.includes(wanted),
    ].indexOf(true);
  };
  return choices
    .map((choice) => [rank(choice), choice])
    .filter(([place]) => place >= 0)
    .sort(([left], [right]) => left - right)
    .map(([, choice]) => choice);
}

/**
 * The value that a typed text means for an option that takes any text or number.
 * @returns {{value: string|number}|{fault: string}}
 */
export function readValue(option, text) {
  if (option.type === OPTION.STRING) {
    if (option.min_length && text.length < option.min_length)
      return { fault: `At least ${option.min_length} characters, please.` };
    if (option.max_length && text.length > option.max_length)
      return { fault: `At most ${option.max_length} characters, please.` };
    return { value: text };
  }
  const number = Number(text.replace(",", "."));
  if (!Number.isFinite(number)) return { fault: "Please write a number." };
  if (option.type === OPTION.INTEGER && !Number.isSafeInteger(number))
    return { fault: "Please write a whole number." };
  const { min_value: min = -Infinity, max_value: max = Infinity } = option;
  if (number < min || number > max) {
    const range =
      Number.isFinite(min) && Number.isFinite(max)
        ? `from ${min} to ${max}`
        : Number.isFinite(min)
          ? `from ${min} on`
          : `up to ${max}`;
    return { fault: `Please write a number ${range}.` };
  }
  return { value: number };
}

/**
 * An interaction's data for a command.
 * @param {Map<string, *>} values by option name
 * @param {string|null} focused name of the option being typed, for autocomplete
 */
export function commandData(leaf, values, focused = null) {
  const given = leaf.options
    .filter(({ name }) => values.has(name) || name === focused)
    .map(({ name, type }) => ({
      name,
      type,
      value: values.get(name) ?? "",
      ...(name === focused && { focused: true }),
    }));
  const nested = leaf.path.slice(1).reduceRight(
    (options, name, index) => [
      {
        name,
        type: index === leaf.path.length - 2 ? OPTION.SUBCOMMAND : OPTION.GROUP,
        options,
      },
    ],
    given,
  );
  return { id: leaf.command.id, name: leaf.command.name, type: COMMAND.SLASH, options: nested };
}
