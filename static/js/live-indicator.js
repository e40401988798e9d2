// Says in the header whether the page is live; when it is not, nothing on the page may look as if it were.
import { serverNow } from "./clock.js";
import { clock, moment } from "./display.js";

const indicator = document.getElementById("live");
const text = indicator.querySelector("[data-live-text]");
const link = indicator.querySelector("[data-live-link]");

function lostSince(at) {
  const time = document.createElement("time");
  time.dataset.clock = "";
  time.dateTime = new Date(at).toISOString();
  time.title = moment(at);
  time.textContent = clock(at, serverNow());
  const words = document.createElement("span");
  words.className = "live-word-long";
  words.textContent = "Live updates lost since ";
  return [words, time];
}

function show(state, words, linkText, address) {
  document.body.dataset.live = state;
  indicator.dataset.live = state;
  text.replaceChildren(...words);
  link.textContent = linkText;
  link.href = address;
  indicator.hidden = false;
}

const here = location.pathname + location.search;

document.body.addEventListener("pf:status", ({ detail: { state, silentMs } }) => {
  if (state === "live") show("live", ["Live"], "Reload", here);
  else if (state === "reconnecting") show("reconnecting", ["Reconnecting…"], "Reload", here);
  else if (state === "lost") show("lost", lostSince(serverNow() - silentMs), "Reload", here);
  else show("lost", ["You are logged out"], "Log in", `${document.body.dataset.login}?next=${encodeURIComponent(here)}`);
});
