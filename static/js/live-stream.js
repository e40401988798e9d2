// The connection to the event stream, kept for ever: no framework, no page. Runs in a page or in a shared worker.

const SILENT_AFTER_MS = 33_000;
const OPENING_TAKES_MS = 8_000;

// Calls `onEvent({id, name, data})` for each event, and `onStatus(status)` when it changes; a status is
// {state: "live" | "reconnecting" | "lost", since} with the time of the last byte by this machine's clock, or
// {state: "ended"} when the server no longer lets us in.
export class LiveStream {
  constructor(url, lastEventId, { onEvent, onStatus }) {
    this.url = url;
    this.lastEventId = lastEventId;
    this.onEvent = onEvent;
    this.onStatus = onStatus;
    this.heardAt = Date.now();
    this.status = { state: "reconnecting", since: this.heardAt };
    this.running = false;
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.run();
  }

  stop() {
    this.running = false;
    clearTimeout(this.waiting);
    this.controller?.abort();
  }

  async run() {
    const outcome = await this.readOnce();
    if (!this.running) return;
    if (outcome === "ended") {
      this.running = false;
      this.tell("ended");
      return;
    }
    this.tell(outcome);
    this.waiting = setTimeout(() => this.run(), 1000 + Math.random() * 4000);
  }

  // Opens the stream and reads it to its end; returns the state that this leaves us in.
  async readOnce() {
    this.controller = new AbortController();
    const watch = setInterval(() => this.cutIfSilent(), 1000);
    this.opened = false;
    this.triedAt = Date.now();
    try {
      const from = this.lastEventId ? `?lastEventId=${encodeURIComponent(this.lastEventId)}` : "";
      const response = await fetch(this.url + from, {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal: this.controller.signal,
      });
      if (response.status === 401 || response.status === 403) return "ended";
      if (response.status === 400) this.startAnew();
      if (!response.ok || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) return "lost";
      this.opened = true;
      this.heardAt = Date.now();
      await this.read(response.body);
      return "reconnecting";
    } catch {
      // Refused, reset, or cut by us: all that matters is whether it had been open, and for how long it was silent.
      return this.opened && !this.isSilent() ? "reconnecting" : "lost";
    } finally {
      clearInterval(watch);
    }
  }

  async read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser((event) => this.take(event));
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.heardAt = Date.now();
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
    if (state === this.status.state || (state === "reconnecting" && this.status.state === "lost")) return;
    this.status = { state, since: this.heardAt };
    this.onStatus(this.status);
  }

  isSilent() {
    const silent = Date.now() - (this.opened ? this.heardAt : this.triedAt);
    // Negative: the machine's clock was set back, and would hide a silence for as long.
    return silent < 0 || silent > (this.opened ? SILENT_AFTER_MS : OPENING_TAKES_MS);
  }

  cutIfSilent() {
    if (this.isSilent()) this.controller.abort();
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
  }

  clear() {
    this.id = "";
    this.name = "message";
    this.data = [];
  }
}
