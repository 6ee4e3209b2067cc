/** What a server announces: its scheduled events at the top of the left side, and the posts of a forum. */

import { el, icon } from "./dom.js";
import { timestamp } from "./markdown.js";
import { EVENT_STATUS } from "./world.js";

/** Draw the scheduled events; nothing where there are none. */
export function renderScheduledEvents(box, world) {
  const events = world.scheduledEvents;
  if (!events.length) return box.replaceChildren();
  return box.replaceChildren(
    el("h2", { class: "sidebar__group" }, "Events"),
    el("ul", { class: "events" }, events.map(card)),
  );
}

function card(event) {
  const isRunning = event.status === EVENT_STATUS.ACTIVE;
  const [starts, ends] = [event.scheduled_start_time, event.scheduled_end_time].map(
    (moment) => Math.floor(Date.parse(moment) / 1000),
  );
  const location = event.entity_metadata?.location;
  return el(
    "li",
    { class: isRunning ? "event is-running" : "event", "data-testid": "scheduled-event" },
    el(
      "p",
      { class: "event__when" },
      icon("calendar"),
      isRunning ? "Now, ends " : "Starts ",
      timestamp(isRunning ? ends : starts, "R"),
    ),
    el("p", { class: "event__name", title: event.name }, event.name),
    event.description ? el("p", { class: "event__text" }, event.description) : null,
    location ? el("p", { class: "event__where" }, icon("place"), el("span", {}, location)) : null,
  );
}

/** A forum's posts, the newest first, each a way in; or a note that there are none. */
export function postList(posts, onChoose) {
  if (!posts.length) return el("p", {}, "No posts yet. Events get a post here when they begin.");
  return el(
    "ul",
    { class: "posts", "aria-label": "Posts" },
    posts.map((post) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: "post", "data-testid": "post", on: { click: () => onChoose(post.id) } },
          icon("thread"),
          el("span", { class: "post__name" }, post.name),
          post.archived ? el("span", { class: "post__state" }, "archived") : null,
        ),
      ),
    ),
  );
}
