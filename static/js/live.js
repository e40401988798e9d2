// Brings the event stream to the page: "pf:progress", "pf:job", "pf:removed", "pf:printer", "pf:reset" and "pf:clock"
// on <body> with the JSON of the event as detail, and "pf:status" when the connection changes.
import { LiveStream, toPageEvent } from "./live-stream.js";
import { steadyNow } from "./steady.js";

const { liveFrom, liveSession, liveUrl, liveWorker } = document.body.dataset;

const SAY_EVERY_MS = 3_000;
// Looks, a second apart. Counted, not measured: a page that was frozen has answers waiting that it has not seen yet.
const ANSWER_TAKES_LOOKS = 3;
const WORKERS_TRIED = 7;

let known = liveFrom;
let state;

function dispatch(type, detail) {
  document.body.dispatchEvent(new CustomEvent(`pf:${type}`, { detail }));
}

function tell(status) {
  if (status.state === state) return;
  state = status.state;
  dispatch("status", status);
}

function pass(event, id) {
  known = id || known;
  dispatch(event.type, event);
}

function listenToWorker(silentWorkers = 0) {
  // Another log-in is another name, hence another worker.
  const worker = new SharedWorker(liveWorker, { name: `printfactory-${liveSession}`, type: "module" });
  const { port } = worker;
  const left = new AbortController();
  const { signal } = left;
  let saidAt = 0;
  let unanswered = 0;

  const say = () => {
    port.postMessage({ kind: "here", url: liveUrl, lastEventId: known });
    saidAt = steadyNow();
    unanswered ||= 1;
  };
  const bye = () => port.postMessage({ kind: "bye" });
  const leave = () => {
    clearInterval(watch);
    left.abort();
    bye();
    port.close();
  };
  const look = () => {
    if (unanswered > ANSWER_TAKES_LOOKS) {
      // It died, perhaps with the tab in whose process it ran: what we show is old until its successor answers.
      leave();
      if (state === "live") tell({ state: "reconnecting" });
      if (silentWorkers < WORKERS_TRIED) listenToWorker(silentWorkers + 1);
      else listenAlone();
    } else if (unanswered) unanswered += 1;
    else if (state !== "ended" && steadyNow() - saidAt > SAY_EVERY_MS) say();
  };
  const watch = setInterval(look, 1000);

  port.addEventListener("message", ({ data }) => {
    unanswered = 0;
    silentWorkers = 0;
    if (data.kind === "event") return pass(data.event, data.id);
    if (data.kind === "here") data.events.forEach((event) => pass(event, data.id));
    tell(data.status);
  });
  // Not of a worker that was left: it would begin a stream beside its successor's.
  worker.addEventListener(
    "error",
    () => {
      leave();
      listenAlone();
    },
    { signal },
  );
  addEventListener("pagehide", bye, { signal });
  addEventListener(
    "pageshow",
    ({ persisted }) => {
      if (!persisted) return;
      if (state === "live") tell({ state: "reconnecting" });
      say();
    },
    { signal },
  );
  document.addEventListener("resume", say, { signal });
  document.addEventListener("visibilitychange", () => document.hidden || say(), { signal });
  port.start();
  say();
}

// Without shared workers a tab has a stream of its own, but only while somebody can see it.
function listenAlone() {
  const onEvent = (sent) => {
    const event = toPageEvent(sent);
    if (event) pass(event, sent.id);
  };
  const stream = new LiveStream(liveUrl, known, { onEvent, onStatus: tell });
  const follow = () => (document.hidden ? stream.stop() : stream.start());
  document.addEventListener("visibilitychange", follow);
  follow();
}

tell({ state: "reconnecting" });
if ("SharedWorker" in window) listenToWorker();
else listenAlone();
