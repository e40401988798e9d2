// How the chart says things: what is read at a moment, and the times along its axis.
import { badge, moment, percent } from "./display.js";

const DAY = 86_400;
const MINUTE = 60;

function degrees(name, celsius) {
  return celsius === null || celsius === undefined ? [] : [`${name} ${Math.round(celsius)} °C`];
}

// The words of what `Course.read` returned, the most important first.
export function words(told) {
  const what = [moment(told.at * 1000)];
  if (told.silent) what.push("No reports");
  else if (told.expected) what.push(told.percent === null ? "Nothing is known yet" : `Expected: ${percent(told.percent)}%`);
  else {
    // Nothing is whole before its printer says that it is done.
    what.push(`${percent(told.state === "completed" ? told.percent : Math.min(told.percent, 99.9))}%`);
    if (told.layer !== null) what.push(`Layer ${told.layer}`);
    what.push(badge(told.state, null).word, ...degrees("Nozzle", told.nozzleC), ...degrees("Bed", told.bedC));
  }
  return [...what, ...told.marks.map((mark) => mark.what)];
}

// Times of day, with the day where another one begins.
export function axisTimes(times, step) {
  let before;
  const isLong = times.length > 0 && dayOf(times[0]) !== dayOf(times.at(-1));
  return times.map((time) => {
    const [date, clock] = moment(time * 1000).split(", ");
    const day = date.split(" ").slice(0, 2).join(" ");
    const isOther = isLong && day !== before;
    before = day;
    if (step >= DAY) return day;
    const shown = clock.slice(0, step < MINUTE ? 8 : 5);
    return isOther ? `${shown}\n${day}` : shown;
  });
}

function dayOf(time) {
  return moment(time * 1000).split(", ")[0];
}
