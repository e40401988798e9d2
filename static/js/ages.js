// Counts ages and durations on by the server's clock, each second. A time of day gets its date when the day is over.
import { age, ageBand, clock, duration } from "./display.js";
import { serverNow } from "./clock.js";

function writeText(element, text) {
  // A text that does not change is not written: it would end the reader's selection.
  if (element.textContent !== text) element.textContent = text;
}

export function writeAge(fresh) {
  if (!fresh.dateTime) return;
  const seconds = (serverNow() - Date.parse(fresh.dateTime)) / 1000;
  const text = age(seconds);
  fresh.dataset.age = ageBand(seconds);
  writeText(fresh.querySelector("[data-age-text]"), "brackets" in fresh.dataset ? `(${text})` : text);
}

const dayOf = (time) => new Date(time).toDateString();
let day = dayOf(serverNow());

function writeDates() {
  if (dayOf(serverNow()) === day) return;
  day = dayOf(serverNow());
  for (const time of document.querySelectorAll("time[data-clock]")) writeText(time, clock(Date.parse(time.dateTime), serverNow()));
}

function tick() {
  writeDates();
  document.querySelectorAll("time.fresh").forEach(writeAge);
  for (const element of document.querySelectorAll("[data-since]")) {
    writeText(element, duration((serverNow() - Date.parse(element.dataset.since)) / 1000));
  }
  document.body.dispatchEvent(new CustomEvent("pf:tick"));
}

setInterval(tick, 1000);
document.body.addEventListener("pf:clock", tick);
document.body.addEventListener("htmx:afterSettle", tick);
