// Moves the numbers on the cards of the printers, in the tray and among the runs of a job as their events come; anything
// else that changes at a printer asks for the banner and the tray anew.
import { badge, figure, foretold, left, shownState } from "./display.js";
import { setBadge, setBar, setFigure, setFinish, setLayers, setText } from "./patch.js";

const SIGNATURE = [
  "name",
  "enabled",
  "state",
  "stateSince",
  "filename",
  "error",
  "reportedBy",
  "reportedSince",
  "runId",
  "jobCode",
  "linksChangedTime",
  "stall",
];
const newest = new Map();
// By serial: what the last event of the printer said, and before that the page when it was opened.
const lastSaid = new Map();
for (const card of document.querySelectorAll("article[data-printer]")) {
  lastSaid.set(card.dataset.printer, card.dataset.signature);
}

// As ShownPrinter.signature writes it.
function signature(event) {
  return JSON.stringify(SIGNATURE.map((name) => event[name]));
}

function show(card, event) {
  card.dataset.revision = event.revision;
  const reportedAt = event.lastReportTime === null ? null : Date.parse(event.lastReportTime);
  if (event.nozzleC !== null) setText(card, "nozzle", String(Math.round(event.nozzleC)));
  if (event.bedC !== null) setText(card, "bed", String(Math.round(event.bedC)));
  if (!["printing", "paused"].includes(event.state)) return;
  const state = shownState(event);
  const shown = badge(state, event.progress);
  card.dataset.state = shown.state;
  setBadge(card, { ...shown, word: shown.word.split(" ")[0] });
  setFigure(card, figure(event.state, event.progress));
  setBar(card, state, event.progress);
  setFinish(card, event, reportedAt);
  setLayers(card, event.layer, event.totalLayers);
}

function showRun(event) {
  const run = document.querySelector(`[data-run="${CSS.escape(event.runId)}"]`);
  if (!run) return;
  const shown = badge(shownState(event), event.progress);
  setText(run, "words", shown.word);
  setBadge(run, shown, "badge-of-printer");
}

// Returns whether the card has a place for all that the event says; one of a printer that was silent has not.
function fits(card, event) {
  if (card.dataset.signature !== signature(event) || "silent" in card.dataset !== (event.state === "offline")) return false;
  if (!["printing", "paused"].includes(event.state)) return true;
  const lacks = (name) => card.querySelector(`[data-show="${name}"]`) === null;
  const { remainingSeconds, estimatedRemainingSeconds } = foretold(event);
  const tells = left(remainingSeconds, estimatedRemainingSeconds) !== null;
  const place = event.state === "printing" ? "done" : "remaining";
  return tells !== lacks(place) && !(event.layer !== null && lacks("layers"));
}

function cardOf(event) {
  return document.querySelector(`article[data-printer="${CSS.escape(event.serial)}"]`);
}

// Returns whether the banner is as new as the event now.
function showEverywhere(event) {
  if (event.runId !== null) showRun(event);
  const card = cardOf(event);
  if (!card) return !event.enabled;
  if (event.revision <= Number(card.dataset.revision)) return true;
  if (!fits(card, event)) return false;
  show(card, event);
  return true;
}

// Returns whether the printer does something else than before. Its card does not tell: that is fetched apart from the
// tray, and may know already what the tray does not.
function isNews(event) {
  const said = signature(event);
  const before = lastSaid.get(event.serial);
  lastSaid.set(event.serial, said);
  return said !== before;
}

function take({ detail: event }) {
  newest.set(event.serial, event);
  const asksAnew = isNews(event);
  // The page of one printer asks for nothing because of another.
  const isShown = document.getElementById("printers") !== null || cardOf(event) !== null;
  if ((!showEverywhere(event) || asksAnew) && isShown) {
    document.body.dispatchEvent(new CustomEvent("pf:printers"));
  }
}

document.body.addEventListener("pf:printer", take);
document.body.addEventListener("pf:reset", () => newest.clear());
document.body.addEventListener("htmx:afterSwap", () => newest.forEach(showEverywhere));
