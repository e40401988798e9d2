// Moves the percent, bar, age, remaining time and layer of jobs (data-job) as their events come.
import { badge, figure, shownState } from "./display.js";
import { setBadge, setBar, setFigure, setFinish, setFresh, setLayers } from "./patch.js";

// The newest event of each job: a fragment that was fetched before it and arrives after it is brought up to it.
const newest = new Map();

function show(container, event) {
  if (event.revision <= Number(container.dataset.revision)) return;
  container.dataset.revision = event.revision;
  // An open question is answered by a person, not by a number; the fragment comes anew when it is.
  if ("attention" in container.dataset) return;
  const reportedAt = event.progressLastReportTime === null ? null : Date.parse(event.progressLastReportTime);
  const state = shownState(event);
  setBadge(container, badge(state, event.progress));
  setBadge(container, badge(state, event.progress), "badge-of-job");
  setBar(container, state, event.progress);
  setFresh(container, reportedAt);
  if (!["printing", "paused"].includes(event.state)) return;
  setFigure(container, figure(event.state, event.progress));
  setFinish(container, event, reportedAt);
  setLayers(container, event.layer, event.totalLayers);
}

function showEverywhere(event) {
  for (const container of document.querySelectorAll(`[data-job="${CSS.escape(event.id)}"]`)) show(container, event);
}

function take({ detail: event }) {
  newest.set(event.id, event);
  showEverywhere(event);
}

document.body.addEventListener("pf:progress", take);
document.body.addEventListener("pf:job", take);
document.body.addEventListener("pf:reset", () => newest.clear());
document.body.addEventListener("htmx:afterSwap", () => newest.forEach(showEverywhere));
