// Brings the event stream to the page: "pf:progress", "pf:job", "pf:removed", "pf:printer", "pf:reset" and "pf:clock"
// on <body> with the JSON of the event as detail, and "pf:status" when the connection changes.
import { LiveStream } from "./live-stream.js";

const { liveFrom, liveSession, liveUrl, liveWorker } = document.body.dataset;

// The worker itself finds out after 33 s that the server is silent, and says so.
const WORKER_SILENT_AFTER_MS = 40_000;

function dispatch(type, detail) {
  document.body.dispatchEvent(new CustomEvent(`pf:${type}`, { detail }));
}

function listenToWorker() {
  // Another log-in is another name, hence another worker.
  const worker = new SharedWorker(liveWorker, { name: `printfactory-${liveSession}`, type: "module" });
  const { port } = worker;
  const left = new AbortController();
  let heardAt = Date.now();
  let isLive = false;

  const hello = () => port.postMessage({ kind: "hello", url: liveUrl, lastEventId: liveFrom });
  const bye = () => port.postMessage({ kind: "bye" });
  const leave = () => {
    clearInterval(watch);
    left.abort();
    bye();
    port.close();
  };
  const watch = setInterval(() => {
    if (!isLive || Date.now() - heardAt < WORKER_SILENT_AFTER_MS) return;
    // It died, or slept as we did: what we show is old until it, or its successor, answers.
    leave();
    dispatch("status", { state: "lost", since: heardAt });
    listenToWorker();
  }, 1000);

  port.addEventListener("message", ({ data }) => {
    heardAt = Date.now();
    if (data.kind === "status") isLive = data.status.state === "live";
    if (data.kind === "status") dispatch("status", data.status);
    else dispatch(data.event.type, data.event);
  });
  worker.addEventListener("error", () => {
    leave();
    listenAlone();
  });
  addEventListener("pagehide", bye, { signal: left.signal });
  addEventListener("pageshow", (event) => event.persisted && hello(), { signal: left.signal });
  port.start();
  hello();
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

dispatch("status", { state: "reconnecting", since: Date.now() });
if ("SharedWorker" in window) listenToWorker();
else listenAlone();
