// One stream for all tabs of a browser: a browser opens six connections to a server and no more, so that a stream a
// tab would leave none for the pages. Each tab says hello with the event id that its page was rendered at.
import { LiveMemory } from "./live-memory.js";
import { LiveStream } from "./live-stream.js";

const tabs = new Set();
let stream;
let memory;

function tellAll(message) {
  for (const tab of tabs) tab.postMessage(message);
}

function onEvent({ id, name, data }) {
  if (name === "message") {
    const event = JSON.parse(data);
    memory.add(event, id);
    tellAll({ kind: "event", event });
  } else if (name === "stream-reset") {
    memory = new LiveMemory("");
    tellAll({ kind: "event", event: { type: "reset" } });
  } else if (name === "clock") {
    tellAll({ kind: "event", event: { type: "clock", ...JSON.parse(data) } });
  }
}

function open(url, lastEventId) {
  memory = new LiveMemory(lastEventId);
  stream = new LiveStream(url, lastEventId, { onEvent, onStatus: (status) => tellAll({ kind: "status", status }) });
  stream.start();
}

function hello(tab, { url, lastEventId }) {
  tabs.add(tab);
  if (!stream || stream.status.state === "ended") open(url, lastEventId);
  tab.postMessage({ kind: "status", status: stream.status });
  const missed = memory.since(lastEventId) ?? [{ type: "reset" }];
  for (const event of missed) tab.postMessage({ kind: "event", event });
}

self.addEventListener("connect", ({ ports: [tab] }) => {
  tab.addEventListener("message", ({ data }) => (data.kind === "hello" ? hello(tab, data) : tabs.delete(tab)));
  tab.start();
});
