// A printer that falls silent sends no event. So the page counts, and asks the server when its minute is over: what
// was said last must not look live. Elements with data-printer and data-heard show what depends on it; data-off says
// that the printer itself was reported as off, data-silent that the element shows one of the two.
import { serverNow } from "./clock.js";

// The server's rule is 60 s; asking a little later, it surely agrees.
const SILENT_AFTER_MS = 61_000;
const ASK_AGAIN_MS = 10_000;

const printers = new Map();
let askedAt = 0;

function isSilent({ dataset }) {
  const told = printers.get(dataset.printer) ?? { heardAt: 0, isOff: "off" in dataset };
  return told.isOff || serverNow() - Math.max(Date.parse(dataset.heard), told.heardAt) > SILENT_AFTER_MS;
}

function isOutOfDate(element) {
  return isSilent(element) !== "silent" in element.dataset;
}

document.body.addEventListener("pf:printer", ({ detail }) => {
  const heardAt = detail.lastReportTime === null ? 0 : Date.parse(detail.lastReportTime);
  printers.set(detail.serial, { heardAt, isOff: detail.state === "offline" });
});

document.body.addEventListener("pf:tick", () => {
  if (serverNow() - askedAt < ASK_AGAIN_MS) return;
  if (![...document.querySelectorAll("[data-printer][data-heard]")].some(isOutOfDate)) return;
  askedAt = serverNow();
  document.body.dispatchEvent(new CustomEvent("pf:silence"));
});
