// The course of a run as the chart knows it: what the server sent, and what events added since. Times in seconds.
import { finish, foretold } from "./display.js";

const MOST_POINTS = 3_000;

const NUMBERS = ["percent", "layer", "nozzleC", "bedC"];

export class Course {
  constructor(sent) {
    Object.assign(this, sent);
  }

  get size() {
    return this.columns.at.length;
  }

  get lastAt() {
    return this.columns.at.at(-1);
  }

  get hasTemperatures() {
    return this.has("nozzleC") || this.has("bedC");
  }

  // Whether this number was ever told.
  has(name) {
    return this.columns[name].some((number) => number !== null);
  }

  // Returns whether the point could be added; if not, the server must be asked for the whole.
  add({ at, ...said }) {
    const { columns } = this;
    if (!this.run.isActive || this.size === 0 || at - this.lastAt > this.run.gapSeconds || this.size > MOST_POINTS) return false;
    const state = columns.state.at(-1);
    if (said.state !== state && !(said.isOfJob && said.state === "printing" && state === "preparing")) return false;
    if (at < this.lastAt) return true;
    if (at > this.lastAt) {
      columns.at.push(at);
      columns.state.push(state);
      for (const name of NUMBERS) columns[name].push(null);
    }
    for (const name of NUMBERS) columns[name][this.size - 1] = said[name] ?? columns[name][this.size - 1];
    return true;
  }

  isSilent(now) {
    return this.run.isActive && this.size > 0 && now - this.lastAt > this.run.gapSeconds;
  }

  // When it is expected to finish; null while nobody knows, or hears of it.
  expectedBy(now) {
    return this.expected && this.expected.finish > this.lastAt && !this.isSilent(now) ? this.expected : null;
  }

  // The last moment of which anything is known or expected.
  end(now) {
    const { finish, spreadSeconds } = this.expectedBy(now) ?? { finish: 0 };
    return Math.max(this.lastAt, finish + (spreadSeconds ?? 0), this.run.isActive ? now : 0);
  }

  // Gaps, with the one that goes on: nobody has reported since the last point.
  gapsUntil(now) {
    return this.isSilent(now) ? [...this.gaps, [this.lastAt, null]] : this.gaps;
  }

  // Columns for uPlot: a line breaks at a null, which stands in the middle of each gap, and passes over an undefined.
  series(names) {
    const rows = this.columns.at.map((at, index) => [at, ...names.map((name) => this.columns[name][index] ?? undefined)]);
    const breaks = this.gaps.map(([begin, end]) => [(begin + end) / 2, ...names.map(() => null)]);
    const all = [...rows, ...breaks].sort((one, other) => one[0] - other[0]);
    return [0, ...names].map((_, column) => all.map((row) => row[column]));
  }

  // What is known of a moment: read off the lines; `silent` within a gap, `expected` after the last point.
  read(at, now) {
    const { columns } = this;
    const marks = this.marks.filter((mark) => Math.abs(mark.at - at) <= (this.end(now) - columns.at[0]) / 100);
    const told = { at, marks };
    if (this.gapsUntil(now).some(([begin, end]) => at > begin && at < (end ?? now))) return { ...told, silent: true };
    if (at > this.lastAt) return { ...told, expected: true, percent: this.#expectedAt(at, now) };
    const next = Math.max(columns.at.findIndex((time) => time >= at), 1);
    const share = this.size < 2 ? 0 : Math.max(0, (at - columns.at[next - 1]) / (columns.at[next] - columns.at[next - 1] || 1));
    const numbers = NUMBERS.map((name) => [name, between(columns[name][next - 1], columns[name][next] ?? columns[name][next - 1], share)]);
    const here = Object.fromEntries(numbers);
    const state = columns.state[at >= columns.at[next] ? next : next - 1];
    return { ...told, ...here, layer: here.layer === null ? null : Math.floor(here.layer + 1e-6), state };
  }

  // The percent on the way from the last point to the end; null when nobody knows.
  #expectedAt(at, now) {
    const expected = this.expectedBy(now);
    if (!expected || at > expected.finish) return null;
    const percent = this.columns.percent.at(-1);
    return percent + ((100 - percent) * (at - this.lastAt)) / (expected.finish - this.lastAt);
  }
}

function between(low, high, share) {
  return low === null || high === null ? (share < 0.5 ? low : high) : low + share * (high - low);
}

// The point of an event of the job; null when it says nothing of the run's course.
export function pointOfJob(event) {
  if (event.progressLastReportTime === null || event.progress === null) return null;
  const { state, progress: percent, layer } = event;
  // A job is printing when its run is still preparing.
  return { at: Date.parse(event.progressLastReportTime) / 1000, state, percent, layer, isOfJob: true };
}

export function pointOfPrinter(event) {
  if (event.lastReportTime === null || event.progress === null) return null;
  const { state, progress: percent, layer, nozzleC, bedC } = event;
  return { at: Date.parse(event.lastReportTime) / 1000, state, percent, layer, nozzleC, bedC };
}

// When the run is expected to finish, by the newest event of its job; as expected_of has it.
export function expectedOf(event) {
  const reportedAt = event.progressLastReportTime === null ? null : Date.parse(event.progressLastReportTime);
  const { state, remainingSeconds, estimatedFinishTime = null, estimatedSpreadSeconds = null } = foretold(event);
  const estimated = estimatedFinishTime === null ? null : Date.parse(estimatedFinishTime);
  const at = finish(state, reportedAt, remainingSeconds, estimated);
  return at === null ? null : { finish: at / 1000, spreadSeconds: estimatedSpreadSeconds };
}
