import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

// An element that holds a text, and a time or none.
class Part {
  dataset = {};
  title = "";
  textContent = "";

  replaceChildren(child) {
    this.textContent = child.textContent;
    this.dateTime = child.dateTime;
  }
}

const NAMES = ["done", "remaining", "remaining-left", "sure", "left-sure", "late", "whose"];
const day = "2026-11-25T";
let parts = {};
let row = {};

globalThis.document = {
  body: Object.assign(new EventTarget(), { dataset: { serverTime: `${day}12:00:00Z` } }),
  createElement: () => new Part(),
  querySelectorAll: (selector) => (selector === '[data-job="7"]' ? [row] : []),
};
globalThis.setInterval = () => 0; // No second passes here: nothing counts ages on.
globalThis.CSS = { escape: (text) => text };
await import("../../static/js/job-progress.js");

beforeEach(() => {
  parts = Object.fromEntries(NAMES.map((name) => [name, new Part()]));
  row = {
    dataset: { job: "7", revision: "1", due: `${day}13:00:00Z` },
    querySelector: (selector) => parts[selector.match(/"(.+)"/)[1]] ?? null,
  };
});

const printing = {
  id: "7",
  revision: 2,
  state: "printing",
  progress: 50,
  progressLastReportTime: `${day}12:00:00Z`,
  remainingSeconds: 3000,
  layer: null,
  totalLayers: null,
  estimatedFinishTime: `${day}14:00:00Z`,
  estimatedRemainingSeconds: 7200,
  estimatedSpreadSeconds: 470,
};
const unknown = { estimatedFinishTime: null, estimatedRemainingSeconds: null, estimatedSpreadSeconds: null };

function say(event) {
  document.body.dispatchEvent(new CustomEvent("pf:progress", { detail: event }));
}

test("a finish that is estimated takes the place of what the printer says, with how sure it is", () => {
  say(printing);

  assert.equal(parts.done.dateTime, `${day}14:00:00.000Z`);
  assert.equal(parts.remaining.textContent, "2 h");
  assert.equal(parts["remaining-left"].textContent, "2 h left");
  assert.equal(parts.sure.textContent, "± 10 min");
  assert.equal(parts.whose.title, "Estimated from all that is known, ± 10 min");
});

test("a finish after the due date is late in words, and one before it is not", () => {
  say(printing);
  assert.equal(parts.late.textContent, "late by 1 h");

  say({ ...printing, revision: 3, estimatedFinishTime: `${day}12:30:00Z` });
  assert.equal(parts.late.textContent, "");
});

test("without an estimate it is what the printer says, and called that", () => {
  say({ ...printing, ...unknown });

  assert.equal(parts.done.dateTime, `${day}12:50:00.000Z`);
  assert.equal(parts.sure.textContent, "by the printer");
});

test("a paused print tells how long it takes and no time of day: on the list in its place", () => {
  parts.done.dataset.otherwise = "left";

  say({ ...printing, state: "paused", estimatedFinishTime: null });

  assert.equal(parts.done.textContent, "2 h left");
  assert.equal(parts["remaining-left"].textContent, "");
  assert.equal(parts["left-sure"].textContent, "± 10 min");
  assert.equal(parts.sure.textContent, "");
  assert.equal(parts.late.textContent, "");
});
