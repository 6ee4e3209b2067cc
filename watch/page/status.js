/** The status page: asks for the status every two seconds and shows it. */

const INTERVAL_MS = 2000;
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 400;
const HEIGHT = 120;
const BASE = HEIGHT - 14;

const byId = (id) => document.getElementById(id);

const PLOTS = {
  waiting: "Requests waiting",
  images_per_minute: "Pictures a minute",
  steps_per_second: "Denoising steps a second",
  failures_per_minute: "Failures a minute",
};

const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Name and value of each tile. */
function tilesOf(status) {
  const tiles = {
    Waiting: status.waiting,
    "Being drawn": status.running,
    "Longest wait": `${Math.round(status.oldest_wait_s)} s`,
    "Batch slots": `${status.in_flight} of ${status.slots}`,
    Pictures: status.images,
    Failures: status.failures,
    "Refused by Discord (429)": status.refusals,
    "Event loop's worst lag": `${Math.round(status.worst_lag_s * 1000)} ms`,
    Engine: status.engine,
  };
  for (const device of status.devices) {
    tiles[device.name] = `${device.state}, ${device.in_flight} of ${device.slots}`;
  }
  if (status.memory_total_bytes) {
    tiles["Device memory"] = `${gigabytes(status.memory_used_bytes)} of ${gigabytes(status.memory_total_bytes)}`;
  }
  return tiles;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const rounded = (value) => (value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1));

/** A plot of the last hour: [[seconds, value], ...], the newest at the right edge. */
function plot(name, points) {
  const newest = points.at(-1)?.[1] ?? 0;
  const figure = element("figure", "plot");
  figure.style.margin = "0";
  const head = element("figcaption", "plot__head");
  head.append(element("h2", "", name), element("span", "quiet", `now ${rounded(newest)}`));
  const top = Math.max(1, ...points.map(([, value]) => value));
  const end = points.at(-1)?.[0] ?? 0;
  const begin = Math.min(points[0]?.[0] ?? 0, end - 60);
  const x = (at) => ((at - begin) / (end - begin || 1)) * WIDTH;
  const y = (value) => BASE - (value / top) * (BASE - 12);
  const drawn = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  drawn.setAttribute("aria-label", `${name}: now ${rounded(newest)}, at most ${rounded(top)}`);
  drawn.append(svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: BASE, y2: BASE }));
  drawn.append(svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: y(top), y2: y(top) }));
  if (points.length) {
    const line = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    drawn.append(svg("polygon", { class: "under", points: `${x(points[0][0])},${BASE} ${line} ${WIDTH},${BASE}` }));
    drawn.append(svg("polyline", { class: "curve", points: line }));
  }
  const foot = element("div", "plot__head quiet");
  const minutes = Math.round((end - begin) / 60);
  foot.append(element("span", "", `${minutes} min ago`), element("span", "", `at most ${rounded(top)}`));
  figure.append(head, drawn, foot);
  return figure;
}

function show(status) {
  byId("version").textContent = `${status.version} · ${status.model}`;
  byId("parts").replaceChildren(
    ...Object.entries(status.parts).map(([name, isThere]) =>
      element("span", isThere ? "part part--there" : "part", `${isThere ? "✓" : "✗"} ${name}`),
    ),
  );
  byId("tiles").replaceChildren(
    ...Object.entries(tilesOf(status)).map(([name, value]) => {
      const tile = element("div", "tile");
      tile.append(element("span", "tile__value", String(value)), element("span", "tile__name", name));
      return tile;
    }),
  );
  byId("plots").replaceChildren(...Object.entries(PLOTS).map(([key, name]) => plot(name, status.plots[key])));
}

async function refresh() {
  try {
    const answer = await fetch("/status.json");
    if (answer.status === 401) {
      location.reload();
      return;
    }
    show(await answer.json());
    byId("lost").hidden = true;
  } catch {
    byId("lost").hidden = false;
  }
  setTimeout(refresh, INTERVAL_MS);
}

refresh();
