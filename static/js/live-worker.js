// One stream for all tabs of a browser: a browser opens six connections to a server and no more, so that a stream a
// tab would leave none for the pages. Each tab says, every now and then, that it is here and up to which event id it
// knows everything; the answer is what it has missed.
import { LiveMemory } from "./live-memory.js";
import { LiveStream, toPageEvent } from "./live-stream.js";
import { steadyNow } from "./steady.js";

// Not every browser tells when a tab has gone: closed, crashed, or discarded.
const GONE_AFTER_MS = 300_000;

const tabs = new Map(); // when each was heard
let stream;
let memory; // null after a reset, until it is known where that ends
let clock;

function tellAll(message) {
  const now = steadyNow();
  for (const [tab, heardAt] of tabs) {
    if (now - heardAt > GONE_AFTER_MS) tabs.delete(tab);
    else tab.postMessage(message);
  }
}

function onEvent(sent) {
  const event = toPageEvent(sent);
  if (event === null) return;
  if (event.type === "reset") memory = null;
  else if (event.type !== "clock") memory?.add(event);
  else {
    clock = { time: Date.parse(event.serverTime), at: steadyNow() };
    if (sent.id) memory ??= new LiveMemory(sent.id);
  }
  tellAll({ kind: "event", event, id: sent.id });
}

function open(url, lastEventId) {
  memory = new LiveMemory(lastEventId);
  stream = new LiveStream(url, lastEventId, { onEvent, onStatus: (status) => tellAll({ kind: "status", status }) });
}

// For a tab that was frozen, or comes from the history: what it heard last may have been under way for long.
function timeNow() {
  if (!clock) return [];
  return [{ type: "clock", serverTime: new Date(clock.time + steadyNow() - clock.at).toISOString() }];
}

function here(tab, { url, lastEventId }) {
  tabs.set(tab, steadyNow());
  if (!stream) open(url, lastEventId);
  // Also one that the server has ended: whoever was logged out may be back.
  stream.start();
  const missed = memory?.since(lastEventId) ?? [{ type: "reset" }];
  const id = memory ? stream.lastEventId : "";
  tab.postMessage({ kind: "here", status: stream.status, events: [...missed, ...timeNow()], id });
}

self.addEventListener("connect", ({ ports: [tab] }) => {
  tab.addEventListener("message", ({ data }) => (data.kind === "here" ? here(tab, data) : tabs.delete(tab)));
  tab.addEventListener("close", () => tabs.delete(tab));
  tab.start();
});
