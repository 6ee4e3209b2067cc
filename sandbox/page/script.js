/**
 * The sandbox page's entry: holds who one is, the world and the channel in view, and ties the parts together.
 *
 * The address says where one is: /?person=ID&channel=ID&message=ID (each may be left out), so that two tabs
 * can be two people, and a picture can be linked.
 *
 * Hooks for browser tests (data-testid):
 *   composer               the text line ("/imagine tags:1girl, solo aspect:portrait", then Enter, sends at once)
 *   send                   the send button, for text and for a filled command
 *   command-picker         the list of commands while "/" is typed; its entries have role "option"
 *   command-form           the fields of a chosen command
 *   command-option-NAME    an option's input (present once required or added)
 *   add-option-NAME        adds an optional option
 *   choices-NAME           the list of choices or suggestions of an option; entries have role "option"
 *   composer-error         why a message or command was refused (an option's own fault stands beside it)
 *   log, message           the messages; each has data-message-id, and aria-busy="true" while the bot thinks
 *   message-image          each picture's <img> (alt text, width and height in pixels)
 *   message-menu           the "…" of a message; message-menu-list is its list, entries have role "menuitem"
 *   dismiss                dismisses a message that only this person sees
 *   newer                  goes to the newest message
 *   person-switcher        a <select> whose options are people's ids, labelled by name
 *   channel-NAME           a channel in the list ("channel-direct": direct messages); has data-channel-id
 *   post                   a post in a forum's list
 *   scheduled-events       the guild's scheduled events; each is a scheduled-event
 *   presence               "Anim4gine is online" or "... is offline"
 *   theme-toggle, drawer-toggle (narrow pages), viewer (the enlarged picture)
 *   modal, modal-field-CUSTOM_ID, modal-submit, modal-cancel, modal-error
 * Buttons and menus in messages carry data-custom-id; <html> gets data-ready when messages are shown.
 */

import { Backend } from "./backend.js";
import { Composer } from "./composer.js";
import { startRelativeClock } from "./markdown.js";
import { openMessageMenu } from "./message_menu.js";
import { openModal } from "./modal.js";
import { prepareViewer } from "./pictures.js";
import { postList, renderScheduledEvents } from "./scheduled_events.js";
import { prepareDrawer, prepareTheme, renderChannels, renderPeople, renderPresence } from "./sidebar.js";
import { Timeline } from "./timeline.js";
import { CHANNEL_TYPE, World } from "./world.js";

const INTERACTION = { COMMAND: 2, COMPONENT: 3, AUTOCOMPLETE: 4, MODAL_SUBMIT: 5 };
const ANSWER_MODAL = 9;

const byId = (id) => document.getElementById(id);

class App {
  world = null;
  #unread = new Set();
  #stopListening = () => {};
  #heldBack = null;
  #generation = 0; // counts changes of person, so that events of the one before are dropped

  async start() {
    prepareTheme(byId("theme-toggle"));
    prepareViewer();
    startRelativeClock();
    this.closeDrawer = prepareDrawer({
      sidebar: byId("sidebar"),
      toggle: byId("drawer-toggle"),
      scrim: byId("scrim"),
      stage: document.querySelector(".stage"),
    });
    const address = new URLSearchParams(location.search);
    this.channelId = address.get("channel");
    this.linkedMessage = address.get("message");
    byId("person-switcher").addEventListener("change", (event) => this.become(event.target.value));
    document.addEventListener("keydown", (event) => this.#onGlobalKey(event));
    await this.become(address.get("person"));
  }

  /** Be another person: their view of everything, over their own socket. */
  async become(personId) {
    this.#generation += 1;
    this.#stopListening();
    this.#unread.clear();
    this.backend = new Backend(personId);
    await this.#loadWorld(personId);
    const generation = this.#generation;
    this.#stopListening = this.backend.listen({
      onEvent: (event, data) => generation === this.#generation && this.#onEvent(event, data),
      onConnection: (isOpen) => generation === this.#generation && this.#onConnection(isOpen),
    });
    this.shownChannel = null;
    await this.#loadMessages();
  }

  async enter(channelId) {
    this.channelId = channelId;
    this.#unread.delete(channelId);
    this.#renderFrame();
    this.closeDrawer({ isFocused: false });
    await this.#loadMessages();
    if (!matchMedia("(hover: none)").matches) this.composer.focus(); // on a phone it would raise the keyboard
  }

  /** Send an interaction from here; opens a form if that is the bot's answer. Rejects with a Refusal. */
  async interact(type, data, messageId) {
    const answer = await this.backend.interact({ channelId: this.channelId, type, data, messageId });
    if (answer.message?.channel_id === this.shownChannel)
      this.timeline.upsert(answer.message, { isAnswer: true });
    if (answer.callback_type === ANSWER_MODAL) this.#openModal(answer.modal, messageId);
    return answer;
  }

  announce(sentence) {
    byId("announcer").textContent = sentence;
  }

  #openModal(modal, messageId) {
    openModal(modal, {
      world: this.world,
      backend: this.backend,
      onCommand: (name) => this.composer.start(name),
      onSubmit: (data) => this.interact(INTERACTION.MODAL_SUBMIT, data, messageId),
    });
  }

  async #loadWorld(personId) {
    for (;;) {
      try {
        this.#setWorld(await this.backend.world());
        return;
      } catch (refusal) {
        if (personId && refusal.status >= 400 && refusal.status < 500) {
          // a person of an older sandbox, from the address
          personId = null;
          this.backend = new Backend(null);
          continue;
        }
        this.#banner(refusal.message);
        await new Promise((resolve) => {
          setTimeout(resolve, 1500);
        });
      }
    }
  }

  #setWorld(json) {
    this.world = new World(json);
    this.backend.person = this.world.me.id;
    if (!this.world.channel(this.channelId)) this.channelId = this.world.channels[0]?.id ?? null;
    if (!this.timeline) this.#makeParts();
    else this.timeline.refresh();
    this.#renderFrame();
  }

  #makeParts() {
    const app = this;
    const messageApp = {
      get world() {
        return app.world;
      },
      onUse: (view, component, data, control) => this.#use(view, component, data, control),
      onDismiss: (message) => this.#remove(message),
      onMenu: (message, button) =>
        openMessageMenu(message, button, {
          world: this.world,
          onDelete: () => this.#remove(message),
          onCommand: (data) => this.#runOn(message, data),
        }),
      onJump: (id) => this.timeline.jump(id),
      onCommand: (name) => this.composer.start(name),
    };
    this.timeline = new Timeline(
      { log: byId("log"), newer: byId("newer"), announce: (sentence) => this.announce(sentence) },
      messageApp,
    );
    this.composer = new Composer(
      {
        form: byId("composer"),
        text: byId("composer-text"),
        command: byId("command-form"),
        error: byId("composer-error"),
        send: byId("send"),
      },
      {
        get world() {
          return app.world;
        },
        get backend() {
          return app.backend;
        },
        say: async (content) => {
          const message = await this.backend.say(this.channelId, content);
          if (message?.channel_id === this.shownChannel) this.timeline.upsert(message, { isAnswer: true });
          this.timeline.toBottom();
        },
        runCommand: (data) => this.interact(INTERACTION.COMMAND, data),
        complete: async (data) => (await this.interact(INTERACTION.AUTOCOMPLETE, data)).choices ?? [],
      },
    );
  }

  #renderFrame() {
    const { world } = this;
    const channel = world.channel(this.channelId);
    byId("guild-name").textContent = world.guild.name;
    renderPresence(byId("presence"), world.application);
    renderPeople({ select: byId("person-switcher"), mark: byId("me-avatar"), role: byId("me-role") }, world);
    renderChannels(byId("channels"), world, {
      current: this.channelId,
      unread: this.#unread,
      onChoose: (id) => this.enter(id),
    });
    renderScheduledEvents(byId("scheduled-events"), world);
    if (!channel) return;
    const isForum = channel.type === CHANNEL_TYPE.FORUM;
    if (isForum && this.shownChannel === channel.id) this.timeline.showEmpty(this.#emptyNote(channel));
    const title = world.channelTitle(channel);
    byId("channel-name").textContent = title;
    byId("channel-topic").textContent =
      channel.topic || (channel.type === CHANNEL_TYPE.DIRECT ? "Direct messages" : "");
    byId("channel-age").hidden = !world.isAgeRestricted(channel);
    byId("log").setAttribute("aria-label", `Messages in ${title}`);
    document.title = `${title} · ${world.guild.name} · Anim4gine sandbox`;
    this.composer.enter(channel.id, title);
    history.replaceState(null, "", `?${new URLSearchParams({ person: world.me.id, channel: channel.id })}`);
  }

  async #loadMessages() {
    const { backend, channelId } = this;
    if (!channelId) return;
    this.#heldBack = []; // what is heard while the list is under way is newer than the list
    try {
      const messages = await backend.messages(channelId);
      if (backend !== this.backend || channelId !== this.channelId) return;
      const emptyNote = this.#emptyNote(this.world.channel(channelId));
      this.timeline.load(messages, { isOtherChannel: this.shownChannel !== channelId, emptyNote });
      this.shownChannel = channelId;
      const heard = this.#heldBack;
      this.#heldBack = null;
      for (const [event, data] of heard) this.#onEvent(event, data);
      document.documentElement.dataset.ready = "true";
      if (this.linkedMessage && this.timeline.jump(this.linkedMessage)) this.linkedMessage = null;
    } catch (refusal) {
      this.#banner(refusal.message);
    }
  }

  #emptyNote(channel) {
    if (channel.type === CHANNEL_TYPE.FORUM)
      return postList(this.world.threadsOf(channel), (id) => this.enter(id));
    return `Nothing here yet. Type / to see what ${this.world.application.name} can draw.`;
  }

  #onEvent(event, data) {
    if (event === "WORLD_UPDATE") this.#setWorld(data);
    else if (this.#heldBack && data.channel_id === this.channelId) this.#heldBack.push([event, data]);
    else if (event === "MESSAGE_DELETE") {
      if (data.channel_id === this.shownChannel) this.timeline.remove(data.id);
    } else if (event === "MESSAGE_CREATE" || event === "MESSAGE_UPDATE") {
      if (data.channel_id === this.shownChannel) this.timeline.upsert(data);
      else if (event === "MESSAGE_CREATE" && this.world.channel(data.channel_id)) {
        this.#unread.add(data.channel_id);
        this.#renderFrame();
      }
    }
  }

  /** At every (re)connection everything is fetched anew: what happened in between was not heard. */
  async #onConnection(isOpen) {
    this.#banner(isOpen ? "" : "The connection to the sandbox is lost. Trying again…");
    if (!isOpen) return;
    try {
      this.#setWorld(await this.backend.world());
    } catch {
      return; // the socket will close too, and come again
    }
    await this.#loadMessages();
  }

  async #use(view, component, data, control) {
    view.fail("");
    control.setAttribute("aria-busy", "true");
    try {
      await this.interact(
        INTERACTION.COMPONENT,
        { component_type: component.type, custom_id: component.custom_id, ...data },
        view.message.id,
      );
    } catch (refusal) {
      view.fail(
        refusal.status === 504 ? "This interaction failed: the bot did not answer in time." : refusal.message,
      );
    } finally {
      control.removeAttribute("aria-busy");
    }
  }

  /** Run a command of a message's menu; what goes wrong is said below that message. */
  async #runOn(message, data) {
    try {
      await this.interact(INTERACTION.COMMAND, data);
    } catch (refusal) {
      this.timeline.view(message.id)?.fail(refusal.message);
    }
  }

  async #remove(message) {
    try {
      await this.backend.remove(message);
      this.timeline.remove(message.id);
    } catch (refusal) {
      this.timeline.view(message.id)?.fail(refusal.message);
    }
  }

  #onGlobalKey(event) {
    const isFree =
      !document.querySelector("dialog[open]") &&
      !event.target.closest("input, textarea, select, [role=combobox], [popover]");
    if (event.key === "/" && isFree && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.composer.focus("/");
    }
  }

  #banner(sentence) {
    byId("banner").textContent = sentence;
    byId("banner").hidden = !sentence;
  }
}

new App().start();
