import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const idle = { serial: "left", enabled: true, state: "idle", runId: null, nozzleC: null, lastReportTime: null };
const printing = { ...idle, state: "printing", runId: "7", progress: 1, remainingSeconds: null, layer: null };
const NAMES = ["name", "enabled", "state", "stateSince", "filename", "error", "reportedBy", "reportedSince", "runId"];

const card = { dataset: { printer: "left", revision: "1" }, querySelector: () => null, querySelectorAll: () => [] };
let asked = 0;
let hasBanner = true;

// Lets the card come from the server, as it is after `event`.
function fetchCard(event, revision) {
  const signature = [...NAMES, "jobCode", "linksChangedTime", "stall"].map((name) => event[name]);
  Object.assign(card.dataset, { signature: JSON.stringify(signature), revision: String(revision) });
}

function say(event, revision) {
  document.body.dispatchEvent(new CustomEvent("pf:printer", { detail: { ...event, revision } }));
}

globalThis.document = {
  body: Object.assign(new EventTarget(), { dataset: { serverTime: new Date().toISOString() } }),
  getElementById: () => (hasBanner ? {} : null),
  querySelector: (selector) => (selector === 'article[data-printer="left"]' ? card : null),
  querySelectorAll: () => [card],
};
globalThis.setInterval = () => 0; // No second passes here: nothing counts ages on.
globalThis.CSS = { escape: (text) => text };
document.body.addEventListener("pf:printers", () => (asked += 1));
fetchCard(idle, 1);
await import("../../static/js/printer-cards.js");

beforeEach(() => {
  hasBanner = true;
  fetchCard(idle, 1);
  say(idle, 1);
  asked = 0;
});

test("what the opened page shows already asks for nothing", () => {
  say(idle, 2);

  assert.equal(asked, 0);
});

test("a print that begins asks for the tray, also when the card came with it before the event", () => {
  fetchCard(printing, 2);

  say(printing, 2);

  assert.equal(asked, 1);
});

test("the same print said again asks for nothing more", () => {
  fetchCard(printing, 3);
  say(printing, 2);

  say({ ...printing, progress: 2 }, 3);

  assert.equal(asked, 1);
});

test("a print that begins to hang asks for a new card, and asks again when it goes on", () => {
  fetchCard(printing, 2);
  say(printing, 2);
  asked = 0;

  say({ ...printing, stall: "no_movement" }, 3);
  fetchCard({ ...printing, stall: "no_movement" }, 3);
  say({ ...printing, stall: "no_movement", remainingSeconds: 60 }, 4);
  assert.equal(asked, 1);

  say(printing, 5);
  assert.equal(asked, 2);
});

test("the page of one printer asks anew when that one does something else, and for no other", () => {
  hasBanner = false;

  say({ ...printing, serial: "right" }, 2);
  assert.equal(asked, 0);

  say(printing, 2);
  assert.equal(asked, 1);
});
