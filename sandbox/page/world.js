/** Who and what exists in the sandbox, looked up by id. A value: each update of the world is a new one. */

import { compareIds } from "./dom.js";

export const CHANNEL_TYPE = { TEXT: 0, DIRECT: 1, THREAD: 11, FORUM: 15 };
export const EVENT_STATUS = { SCHEDULED: 1, ACTIVE: 2 };

export class World {
  /** @param {object} json the answer of /people/world */
  constructor(json) {
    this.guild = json.guild;
    this.me = json.me;
    this.people = json.people;
    this.application = json.application;
    this.channels = json.channels;
    this.roles = json.roles ?? [];
    this.commands = json.commands;
    /** Scheduled events, the next first. */
    this.scheduledEvents = [...(json.scheduled_events ?? [])].sort((left, right) =>
      left.scheduled_start_time.localeCompare(right.scheduled_start_time),
    );
    /** Changes when a name or colour shown in messages does. */
    this.namesKey = JSON.stringify([
      json.me.id,
      json.people,
      this.roles,
      json.channels.map(({ id, name }) => [id, name]),
    ]);
  }

  /** Name, colour and kind of an author, whether a known person, the bot, or a user object of a message. */
  author(user) {
    const person = this.people.find(({ id }) => id === user.id);
    if (person) return { name: person.name, color: person.color, isBot: false };
    const isBot = Boolean(user.bot) || user.id === this.application.id;
    return { name: user.global_name ?? user.username ?? this.application.name, color: null, isBot };
  }

  /** The name behind a mentioned user id, or null. */
  userName(id) {
    if (id === this.application.id) return this.application.name;
    return this.people.find((person) => person.id === id)?.name ?? null;
  }

  roleName(id) {
    return this.roles.find((role) => role.id === id)?.name ?? null;
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id) ?? null;
  }

  /** The threads of a channel, or the posts of a forum, the newest first. */
  threadsOf(channel) {
    return this.channels
      .filter(({ type, parent_id }) => type === CHANNEL_TYPE.THREAD && parent_id === channel.id)
      .sort((left, right) => compareIds(right.id, left.id));
  }

  /** A thread has no age mark of its own: it is restricted when its parent is. */
  isAgeRestricted(channel) {
    return Boolean(channel.nsfw || (channel.parent_id && this.channel(channel.parent_id)?.nsfw));
  }

  /** What one writes before a channel's name: "#" for text channels, nothing for direct messages. */
  channelTitle(channel) {
    if (channel.type === CHANNEL_TYPE.DIRECT) return this.application.name;
    return channel.type === CHANNEL_TYPE.THREAD ? channel.name : `#${channel.name}`;
  }

  /** Entities that a select menu or option of the given kind offers, as listbox options. */
  entities({ users = false, roles = false, channels = false, channelTypes = null }) {
    const found = [];
    if (users) {
      found.push(...this.people.map(({ id, name }) => ({ value: id, label: name, description: "" })));
      found.push({ value: this.application.id, label: this.application.name, description: "the bot" });
    }
    if (roles)
      found.push(
        ...this.roles.map(({ id, name }) => ({ value: id, label: `@${name}`, description: "role" })),
      );
    if (channels) {
      const fitting = this.channels.filter(
        ({ type }) => type !== CHANNEL_TYPE.DIRECT && (!channelTypes?.length || channelTypes.includes(type)),
      );
      found.push(
        ...fitting.map((channel) => ({
          value: channel.id,
          label: this.channelTitle(channel),
          description: channel.topic ?? "",
        })),
      );
    }
    return found;
  }
}
