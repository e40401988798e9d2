import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "UTC";
const { Course, expectedOf, pointOfJob, pointOfPrinter } = await import("../../static/js/chart-course.js");
const { moved } = await import("../../static/js/chart-cursor.js");
const { faint } = await import("../../static/js/chart-inks.js");
const { axisTimes, words } = await import("../../static/js/chart-words.js");

const BEGIN = Date.parse("2026-11-25T12:00:00Z") / 1000;

// A run that rises by a percent a second, from 0 to `seconds`.
function course({ seconds = 10, run = {}, ...more } = {}) {
  const at = [BEGIN, BEGIN + seconds];
  return new Course({
    run: { id: "7", number: 1, isActive: true, printer: "left", gapSeconds: 60, ...run },
    columns: { at, percent: [0, seconds], layer: [0, seconds * 2], state: ["printing", "printing"], nozzleC: [null, null], bedC: [null, null] },
    gaps: [],
    pauses: [],
    marks: [],
    layers: { every: 1, ticks: [] },
    expected: null,
    ...more,
  });
}

const point = (seconds, more) => ({ at: BEGIN + seconds, state: "printing", percent: seconds, layer: null, ...more });

test("a point of an event makes the line longer", () => {
  const drawn = course();

  assert.equal(drawn.add(point(15)), true);

  assert.deepEqual([drawn.size, drawn.lastAt, drawn.columns.percent.at(-1)], [3, BEGIN + 15, 15]);
});

test("what two events say of one report is one point", () => {
  const drawn = course();

  drawn.add(point(15));
  drawn.add(point(15, { nozzleC: 220 }));

  assert.deepEqual([drawn.size, drawn.columns.percent.at(-1), drawn.columns.nozzleC.at(-1)], [3, 15, 220]);
});

test("a late point changes nothing", () => {
  const drawn = course();

  assert.equal(drawn.add(point(5)), true);

  assert.equal(drawn.size, 2);
});

for (const [what, said, run] of [
  ["after a silence", point(75)],
  ["in another state", point(15, { state: "paused" })],
  ["of a run that has ended", point(15), { isActive: false }],
]) {
  test(`a point ${what} asks for the whole course anew`, () => {
    assert.equal(course({ run }).add(said), false);
  });
}

test("a job is printing while its run prepares: the run goes on preparing", () => {
  const drawn = course();
  drawn.columns.state = ["preparing", "preparing"];

  assert.equal(drawn.add(pointOfJob({ state: "printing", progress: 0, layer: null, progressLastReportTime: "2026-11-25T12:00:15Z" })), true);

  assert.equal(drawn.columns.state.at(-1), "preparing");
});

test("an event without a time or a percent is no point", () => {
  assert.equal(pointOfJob({ progress: null, progressLastReportTime: "2026-11-25T12:00:15Z" }), null);
  assert.equal(pointOfPrinter({ progress: 5, lastReportTime: null }), null);
});

test("a line is broken in the middle of a gap", () => {
  const drawn = course({ gaps: [[BEGIN, BEGIN + 10]] });

  assert.deepEqual(drawn.series(["percent"]), [[BEGIN, BEGIN + 5, BEGIN + 10], [0, null, 10]]);
});

test("a number that was not told does not break its line", () => {
  assert.deepEqual(course().series(["nozzleC"])[1], [undefined, undefined]);
});

test("a value between two points is read off the line between them", () => {
  const told = course().read(BEGIN + 4, BEGIN + 10);

  assert.deepEqual([told.percent, told.layer, told.state], [4, 8, "printing"]);
});

test("the last point is read as it is", () => {
  assert.equal(course().read(BEGIN + 10, BEGIN + 10).percent, 10);
});

test("within a gap nothing was reported", () => {
  assert.equal(course({ gaps: [[BEGIN, BEGIN + 10]] }).read(BEGIN + 5, BEGIN + 10).silent, true);
});

test("a silence that goes on is a gap without an end", () => {
  const drawn = course();

  assert.deepEqual(drawn.gapsUntil(BEGIN + 71), [[BEGIN + 10, null]]);
  assert.deepEqual(drawn.gapsUntil(BEGIN + 69), []);
  assert.equal(drawn.read(BEGIN + 40, BEGIN + 71).silent, true);
});

test("after the last point stands what is expected", () => {
  const drawn = course({ expected: { finish: BEGIN + 100, spreadSeconds: null } });

  assert.deepEqual(words(drawn.read(BEGIN + 55, BEGIN + 10)).slice(1), ["Expected: 55.0%"]);
});

test("nothing is expected of a print that nobody hears of", () => {
  const drawn = course({ expected: { finish: BEGIN + 1000, spreadSeconds: null } });

  assert.equal(drawn.expectedBy(BEGIN + 69).finish, BEGIN + 1000);
  assert.equal(drawn.expectedBy(BEGIN + 71), null);
  assert.equal(drawn.end(BEGIN + 71), BEGIN + 71);
});

test("a print that is reported seldom is not silent so soon", () => {
  const drawn = course({ run: { gapSeconds: 2400 } });

  assert.equal(drawn.add(point(700)), true);
  assert.deepEqual(drawn.gapsUntil(BEGIN + 1400), []);
});

test("the chart ends with what may be latest, or now", () => {
  assert.equal(course({ expected: { finish: BEGIN + 100, spreadSeconds: 20 } }).end(BEGIN + 30), BEGIN + 120);
  assert.equal(course().end(BEGIN + 30), BEGIN + 30);
  assert.equal(course({ run: { isActive: false } }).end(BEGIN + 30), BEGIN + 10);
});

test("an event of a print that goes on tells its finish, of one that stands still none", () => {
  const said = { state: "printing", progressLastReportTime: "2026-11-25T12:00:00Z", remainingSeconds: 60 };
  const event = { ...said, estimatedFinishTime: null, estimatedSpreadSeconds: null };
  const estimated = { estimatedFinishTime: "2026-11-25T12:01:30Z", estimatedSpreadSeconds: 20 };

  assert.deepEqual(expectedOf(event), { finish: BEGIN + 60, spreadSeconds: null });
  assert.deepEqual(expectedOf({ ...event, ...estimated }), { finish: BEGIN + 90, spreadSeconds: 20 });
  assert.equal(expectedOf({ ...event, state: "paused" }), null);
  assert.equal(expectedOf({ ...event, ...estimated, stall: "no_movement" }), null);
});

test("what is read is said with time, percent, layer, state, temperatures and marks", () => {
  const marks = [{ at: BEGIN + 10, what: "Paused: Filament ran out" }];
  const told = { ...course({ marks }).read(BEGIN + 10, BEGIN + 10), nozzleC: 219.6 };

  assert.deepEqual(words(told), ["25 Nov 2026, 12:00:10", "10.0%", "Layer 20", "Printing", "Nozzle 220 °C", "Paused: Filament ran out"]);
});

test("nothing is whole before its printer says that it is done", () => {
  const told = { at: BEGIN, percent: 100, layer: null, marks: [] };

  assert.equal(words({ ...told, state: "printing" })[1], "99.9%");
  assert.equal(words({ ...told, state: "completed" })[1], "100.0%");
});

test("an axis names the day where another one begins, and no day of a short print", () => {
  const hours = (...all) => all.map((hour) => BEGIN + 3600 * hour);

  assert.deepEqual(axisTimes(hours(0, 1), 3600), ["12:00", "13:00"]);
  assert.deepEqual(axisTimes(hours(0, 1 / 120), 30), ["12:00:00", "12:00:30"]);
  assert.deepEqual(axisTimes(hours(0, 8, 16), 8 * 3600), ["12:00\n25 Nov", "20:00", "04:00\n26 Nov"]);
});

test("keys move the cursor by a hundredth, a tenth, or to an end", () => {
  assert.equal(moved("ArrowRight", null, 0, 1000), 1000);
  assert.equal(moved("ArrowLeft", 500, 0, 1000), 490);
  assert.equal(moved("PageUp", 500, 0, 1000), 600);
  assert.equal(moved("ArrowRight", 995, 0, 1000), 1000);
  assert.equal(moved("Home", 500, 0, 1000), 0);
  assert.equal(moved("Escape", 500, 0, 1000), null);
  assert.equal(moved("Tab", 500, 0, 1000), undefined);
});

test("a colour is made faint in either way of writing it", () => {
  assert.equal(faint("oklch(0.5 0.1 250)", 0.1), "oklch(0.5 0.1 250 / 0.1)");
  assert.equal(faint("rgb(1, 2, 3)", 0.1), "rgba(1, 2, 3, 0.1)");
});
