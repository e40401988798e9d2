import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveMemory } from "../../static/js/live-memory.js";

const EPOCH = "pf-0a1b2c3d";
const progress = (revision, id = "17") => ({ type: "progress", id, revision });
const job = (revision, id = "17") => ({ type: "job", id, revision });

function memory(...events) {
  const made = new LiveMemory(`${EPOCH}:100`);
  events.forEach((event) => made.add(event));
  return made;
}

test("a page gets the newest event of each row that it has missed, in their order", () => {
  const told = memory(progress(101), progress(103, "18"), progress(104));

  assert.deepEqual(told.since(`${EPOCH}:102`), [progress(103, "18"), progress(104)]);
});

test("a page that is up to date gets nothing", () => {
  assert.deepEqual(memory(progress(101)).since(`${EPOCH}:101`), []);
});

test("a structural change is not hidden by the progress that followed it", () => {
  assert.deepEqual(memory(job(101), progress(102)).since(`${EPOCH}:100`), [job(102)]);
});

test("a structural change that the page knows leaves progress what it is", () => {
  assert.deepEqual(memory(job(101), progress(102)).since(`${EPOCH}:101`), [progress(102)]);
});

test("a job and a printer are different rows", () => {
  const printer = { type: "printer", serial: "17", revision: 102 };

  assert.deepEqual(memory(progress(101), printer).since(`${EPOCH}:100`), [progress(101), printer]);
});

test("what was before the stream only the server can tell", () => {
  assert.equal(memory(progress(101)).since(`${EPOCH}:99`), null);
});

test("the numbers of another epoch say nothing", () => {
  assert.equal(memory(progress(101)).since("pf-ffffffff:101"), null);
});
