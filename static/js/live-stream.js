// The connection to the event stream, kept for ever: no framework, no page. Runs in a page or in a shared worker.
import { steadyNow } from "./steady.js";

const SILENT_AFTER_MS = 33_000;
const OPENING_TAKES_MS = 8_000;
// It looks each second; when it did not for so long, the machine slept, or its clock was set.
const ASLEEP_AFTER_MS = 5_000;
const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 5_000;
const LONGEST_RETRY_AFTER_MS = 30_000;

// Never together with others: they were cut at the same moment.
function someTime() {
  return SHORTEST_WAIT_MS + Math.random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS);
}

function waitAfter({ status, headers }) {
  const seconds = [429, 503].includes(status) ? Number(headers.get("Retry-After")) : 0;
  return seconds > 0 ? Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS) + Math.random() * 4_000 : someTime();
}

// Returns what an event of the stream is to a page: an object with a type, or null.
export function toPageEvent({ name, data }) {
  if (name === "message") return JSON.parse(data);
  if (name === "clock") return { type: "clock", ...JSON.parse(data) };
  return name === "stream-reset" ? { type: "reset" } : null;
}

// Calls `onEvent({id, name, data})` for each event, and `onStatus(status)` when it changes; a status is
// {state: "live" | "reconnecting" | "lost", silentMs} with the time that has passed since the last byte, or
// {state: "ended"} when the server no longer lets us in.
export class LiveStream {
  constructor(url, lastEventId, { onEvent, onStatus }) {
    this.url = url;
    this.lastEventId = lastEventId;
    this.onEvent = onEvent;
    this.onStatus = onStatus;
    this.state = "reconnecting";
    this.heardAt = steadyNow();
    this.running = false;
    this.turn = 0;
  }

  get status() {
    return { state: this.state, silentMs: steadyNow() - this.heardAt };
  }

  // Also after a stop, or an end: goes on from the last event that it has told.
  start() {
    if (this.running) return;
    this.running = true;
    this.turn += 1;
    this.run(this.turn);
  }

  stop() {
    this.running = false;
    this.turn += 1;
    clearTimeout(this.waiting);
    this.controller?.abort();
    if (this.state === "live") this.tell("reconnecting");
  }

  async run(turn) {
    const { state, wait } = await this.readOnce();
    if (turn !== this.turn) return;
    this.tell(state);
    if (state === "ended") this.running = false;
    else this.waiting = setTimeout(() => this.run(turn), wait);
  }

  // Opens the stream and reads it to its end; returns the state that this leaves us in, and how long to wait then.
  async readOnce() {
    const controller = new AbortController();
    this.controller = controller;
    this.hasSpoken = false;
    this.hasSlept = false;
    this.triedAt = this.lookedAt = steadyNow();
    const watch = setInterval(() => this.look(), 1000);
    try {
      const response = await fetch(this.address(), {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal: controller.signal,
      });
      if (response.status === 401 || response.status === 403) return { state: "ended" };
      if (response.status === 400) this.startAnew();
      const isStream = response.ok && response.headers.get("Content-Type")?.startsWith("text/event-stream");
      if (!isStream) return { state: "lost", wait: waitAfter(response) };
      return { state: "reconnecting", wait: await this.read(response.body) };
    } catch {
      // Refused, reset, or cut by us: all that matters is whether it had been open, and for how long it was silent.
      if (this.hasSlept) return { state: "reconnecting", wait: 0 };
      return { state: this.hasSpoken && !this.isSilent() ? "reconnecting" : "lost", wait: someTime() };
    } finally {
      clearInterval(watch);
      controller.abort(); // an answer that nobody reads would keep its connection
    }
  }

  address() {
    if (!this.lastEventId) return this.url;
    return `${this.url}${this.url.includes("?") ? "&" : "?"}lastEventId=${encodeURIComponent(this.lastEventId)}`;
  }

  // Returns how long to wait before the next opening: the server draws a time for each stream, and within reason it
  // is taken. If that opening fails, we draw ourselves.
  async read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser((event) => this.take(event));
    for (;;) {
      const { done, value } = await reader.read();
      if (done && !this.hasSpoken) throw new Error("It said nothing.");
      if (done) return Math.min(Math.max(parser.retry ?? someTime(), SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
      this.hasSpoken = true;
      this.heardAt = steadyNow();
      this.tell("live");
      parser.push(value);
    }
  }

  take(event) {
    if (event.id) this.lastEventId = event.id;
    this.onEvent(event);
  }

  startAnew() {
    this.lastEventId = "";
    this.onEvent({ id: "", name: "stream-reset", data: "" });
  }

  tell(state) {
    // Once lost, it stays lost until a byte comes: trying again is no news.
    if (state === this.state || (state === "reconnecting" && this.state !== "live")) return;
    this.state = state;
    this.onStatus(this.status);
  }

  // A proxy may send headers for a server that hangs: it is not open before its first byte.
  isSilent() {
    const now = steadyNow();
    return this.hasSpoken ? now - this.heardAt > SILENT_AFTER_MS : now - this.triedAt > OPENING_TAKES_MS;
  }

  look() {
    const now = steadyNow();
    // The connection may be dead without a word; and the server says what time it is.
    this.hasSlept = now - this.lookedAt > ASLEEP_AFTER_MS;
    this.lookedAt = now;
    if (this.hasSlept || this.isSilent()) this.controller.abort();
  }
}

// Reads text/event-stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
export class EventParser {
  constructor(onEvent) {
    this.onEvent = onEvent;
    this.rest = "";
    this.clear();
  }

  push(text) {
    const lines = (this.rest + text).split(/\r?\n/);
    this.rest = lines.pop();
    lines.forEach((line) => this.line(line));
  }

  line(line) {
    if (line === "") {
      if (this.data.length || this.name !== "message") this.onEvent({ id: this.id, name: this.name, data: this.data.join("\n") });
      this.clear();
      return;
    }
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
    if (field === "data") this.data.push(value ?? "");
    if (field === "event") this.name = value || "message";
    if (field === "id") this.id = value ?? "";
    if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }

  clear() {
    this.id = "";
    this.name = "message";
    this.data = [];
  }
}
