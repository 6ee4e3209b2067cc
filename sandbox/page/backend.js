/** The people's side of the sandbox server: its HTTP calls and its live socket. Draws nothing. */

/** What the server (or a missing network) refused: a sentence for people, and the option it is about, if any. */
export class Refusal extends Error {
  constructor(status, sentence, option = null) {
    super(sentence);
    this.status = status;
    this.option = option;
  }
}

export class Backend {
  /** @param {string|null} person id of the person to be; null lets the server choose the first. */
  constructor(person) {
    this.person = person;
  }

  world() {
    return this.#request("GET", this.#path("/people/world"));
  }

  async messages(channelId) {
    const path = this.#path(`/people/channels/${channelId}/messages`, { limit: 100 });
    return (await this.#request("GET", path)).messages;
  }

  /** Send an interaction; resolves when the bot has answered (at most 3 s, then a Refusal of status 504). */
  interact({ channelId, type, data, messageId = undefined }) {
    const body = { person: this.person, channel_id: channelId, type, data, message_id: messageId };
    return this.#request("POST", "/people/interactions", JSON.stringify(body));
  }

  say(channelId, content) {
    const body = { person: this.person, channel_id: channelId, content };
    return this.#request("POST", "/people/messages", JSON.stringify(body));
  }

  /** Dismiss a private message or delete one's own. */
  remove(message) {
    return this.#request(
      "DELETE",
      this.#path(`/people/messages/${message.id}`, { channel_id: message.channel_id }),
    );
  }

  /** Resolves to Discord's attachment object. */
  upload(file) {
    const body = new FormData();
    body.append("file", file, file.name);
    return this.#request("POST", this.#path("/people/attachments"), body);
  }

  /**
   * Listen until the returned function is called. `onConnection(isOpen)` comes at every opening and loss:
   * after an opening the caller fetches anew, since what happened meanwhile is not replayed.
   */
  listen({ onEvent, onConnection }) {
    let socket = null;
    let timer = null;
    let isEnded = false;
    let wait_ms = 500;
    const connect = () => {
      const url = new URL(this.#path("/people/socket"), location.href);
      url.protocol = url.protocol.replace("http", "ws");
      socket = new WebSocket(url);
      socket.addEventListener("open", () => {
        wait_ms = 500;
        onConnection(true);
      });
      socket.addEventListener("message", ({ data }) => {
        const { event, data: payload } = JSON.parse(data);
        if (!isEnded) onEvent(event, payload);
      });
      socket.addEventListener("close", () => {
        if (isEnded) return;
        onConnection(false);
        timer = setTimeout(connect, wait_ms * (0.75 + Math.random() / 2));
        wait_ms = Math.min(wait_ms * 2, 8000);
      });
    };
    connect();
    return () => {
      isEnded = true;
      clearTimeout(timer);
      socket.close();
    };
  }

  #path(path, query = {}) {
    const parameters = new URLSearchParams(query);
    if (this.person) parameters.set("person", this.person);
    return `${path}?${parameters}`;
  }

  async #request(method, path, body = undefined) {
    let response;
    try {
      const headers = typeof body === "string" ? { "Content-Type": "application/json" } : {};
      response = await fetch(path, { method, body, headers });
    } catch {
      throw new Refusal(0, "The sandbox cannot be reached. Is it still running?");
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw new Refusal(
      response.status,
      answer.error ?? `The sandbox refused this (${response.status}).`,
      answer.option,
    );
  }
}
