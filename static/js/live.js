// Brings the event stream to the page: "pf:progress", "pf:job", "pf:removed", "pf:printer", "pf:reset" and "pf:clock"
// on <body> with the JSON of the event as detail, and "pf:status" when the connection changes.
import { LiveStream } from "./live-stream.js";

const { liveFrom, liveSession, liveUrl, liveWorker } = document.body.dataset;

function dispatch(type, detail) {
  document.body.dispatchEvent(new CustomEvent(`pf:${type}`, { detail }));
}

function listenToWorker() {
  // Another log-in is another name, hence another worker.
  const { port } = new SharedWorker(liveWorker, { name: `printfactory-${liveSession}`, type: "module" });
  const hello = () => port.postMessage({ kind: "hello", url: liveUrl, lastEventId: liveFrom });
  port.addEventListener("message", ({ data }) => {
    if (data.kind === "status") dispatch("status", data.status);
    else dispatch(data.event.type, data.event);
  });
  port.start();
  hello();
  addEventListener("pagehide", () => port.postMessage({ kind: "bye" }));
  addEventListener("pageshow", (event) => event.persisted && hello());
}

// Without shared workers a tab has a stream of its own, but only while somebody can see it.
function listenAlone() {
  let lastEventId = liveFrom;
  let stream;
  const onEvent = ({ name, data }) => {
    if (name === "message") {
      const event = JSON.parse(data);
      dispatch(event.type, event);
    } else if (name === "stream-reset") dispatch("reset", { type: "reset" });
    else if (name === "clock") dispatch("clock", { type: "clock", ...JSON.parse(data) });
  };
  const open = () => {
    stream = new LiveStream(liveUrl, lastEventId, { onEvent, onStatus: (status) => dispatch("status", status) });
    dispatch("status", stream.status);
    stream.start();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return open();
    lastEventId = stream.lastEventId;
    stream.stop();
  });
  if (!document.hidden) open();
}

if (liveFrom) {
  if ("SharedWorker" in window) listenToWorker();
  else listenAlone();
}
