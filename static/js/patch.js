// Writes what an event says into the elements that show it, in place: a bar that moves, a number that changes.
import { bar, clock, duration, finish, foretold, late, layers, left, moment, sure, whose } from "./display.js";
import { serverNow } from "./clock.js";
import { writeAge } from "./ages.js";

function part(container, name) {
  return container.querySelector(`[data-show="${name}"]`);
}

export function setText(container, name, text) {
  const element = part(container, name);
  if (element && element.textContent !== text) element.textContent = text;
}

export function setBadge(container, shown, name = "badge") {
  const element = part(container, name);
  if (!element) return;
  element.dataset.state = shown.state;
  element.querySelector("use").setAttribute("href", `#i-${shown.icon}`);
  const word = element.querySelector("span");
  if (word.textContent !== shown.word) word.textContent = shown.word;
}

export function setBar(container, state, progress) {
  const element = part(container, "bar");
  if (!element) return;
  element.dataset.state = bar(state, progress);
  element.querySelector("progress").value = progress ?? 0;
}

// A number with a small percent sign, or a word.
export function setFigure(container, text) {
  const element = part(container, "figure");
  if (!element) return;
  const isNumber = /^\d/.test(text);
  if (element.textContent === (isNumber ? `${text}%` : text)) return;
  const inside = document.createElement(isNumber ? "small" : "span");
  inside.textContent = isNumber ? "%" : text;
  if (!isNumber) inside.className = "figure-word";
  element.replaceChildren(...(isNumber ? [text, inside] : [inside]));
}

function timeElement(at) {
  const time = document.createElement("time");
  time.dataset.clock = "";
  time.dateTime = new Date(at).toISOString();
  time.title = moment(at);
  time.textContent = clock(at, serverNow());
  return time;
}

function setTime(container, name, at, otherwise = "—") {
  const element = part(container, name);
  if (!element) return;
  if (at === null) element.textContent = otherwise;
  else if (element.textContent !== clock(at, serverNow())) element.replaceChildren(timeElement(at));
}

// When the print of `event` will be done, how long it takes, how sure that is, and whether it is late.
export function setFinish(container, event, reportedAt) {
  // A server of before there were estimates says nothing of them.
  const said = foretold(event);
  const { state, remainingSeconds, estimatedFinishTime = null, estimatedSpreadSeconds = null } = said;
  const estimated = estimatedFinishTime === null ? null : Date.parse(estimatedFinishTime);
  const at = finish(state, reportedAt, remainingSeconds, estimated);
  const seconds = left(remainingSeconds, said.estimatedRemainingSeconds);
  const words = seconds === null ? "" : `${duration(seconds)} left`;
  // A list that tells no time of day tells there how long it takes.
  const takesPlace = at === null && words && part(container, "done")?.dataset.otherwise === "left";
  setTime(container, "done", at, takesPlace ? words : "—");
  setText(container, "remaining", duration(seconds) || "—");
  setText(container, "remaining-left", takesPlace ? "" : words);
  setText(container, "sure", at === null ? "" : sure(remainingSeconds, estimatedSpreadSeconds));
  setText(container, "left-sure", at === null ? sure(remainingSeconds, estimatedSpreadSeconds) : "");
  const dueAt = container.dataset.due ? Date.parse(container.dataset.due) : null;
  setText(container, "late", late(at, dueAt));
  const whoseWords = part(container, "whose");
  if (whoseWords) whoseWords.title = whose(remainingSeconds, estimatedSpreadSeconds);
}

export function setLayers(container, layer, total) {
  setText(container, "layers", layers(layer, total) || "—");
}

export function setFresh(container, reportedAt) {
  const element = part(container, "fresh");
  if (!element || reportedAt === null) return;
  element.dateTime = new Date(reportedAt).toISOString();
  element.title = moment(reportedAt);
  writeAge(element);
  setTime(container, "reported", reportedAt);
}
