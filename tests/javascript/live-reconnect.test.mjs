import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveStream } from "../../static/js/live-stream.js";
import { Line, makeNetwork, makeTime, noAnswer, noServer, refusal, settle } from "./world.mjs";

const OPEN = "retry: 2500\nevent: stream-open\ndata:\n\n";

// A stream that is started, what it tells, and what it asks for.
async function opened(t, ...answers) {
  const time = makeTime(t);
  const calls = makeNetwork(t, time, ...answers);
  const statuses = [];
  const stream = new LiveStream("/events?viewer=1", "pf-0a1b2c3d:7", {
    onEvent: () => {},
    onStatus: (status) => statuses.push(status),
  });
  t.after(() => (stream.stop(), settle())); // its own timers go with it
  stream.start();
  await settle();
  return { time, calls, stream, statuses, states: () => statuses.map(({ state }) => state) };
}

const waits = (calls) => calls.slice(1).map(({ at }, i) => at - calls[i].at);

test("it tries for ever, each time after a random 1 to 5 s", async (t) => {
  const { time, calls } = await opened(t, noServer);

  await time.pass(3_600_000 / 6);

  const all = waits(calls);
  assert.ok(all.length > 100);
  assert.ok(all.every((wait) => wait >= 1_000 && wait <= 5_100));
  assert.ok(Math.max(...all) - Math.min(...all) > 2_000);
});

test("two that were cut at once do not come back at once", async (t) => {
  t.mock.method(Math, "random", () => 0.25);
  const one = await opened(t, noServer);
  await one.time.pass(1_900);
  assert.equal(one.calls.length, 1);

  await one.time.pass(200);

  assert.equal(one.calls.length, 2);
});

for (const status of [429, 503]) {
  test(`after ${status} it stays away for as long as it was told, and a little longer`, async (t) => {
    const { time, calls } = await opened(t, refusal(status, { "Retry-After": "10" }));

    await time.pass(120_000);

    assert.ok(waits(calls).every((wait) => wait >= 10_000 && wait <= 14_100));
  });
}

test("nobody can send it away for longer than half a minute", async (t) => {
  const { time, calls } = await opened(t, refusal(503, { "Retry-After": "86400" }));

  await time.pass(100_000);

  assert.ok(waits(calls).every((wait) => wait >= 30_000 && wait <= 34_100));
});

test("a Retry-After that is a date, or of another answer, changes nothing", async (t) => {
  const date = refusal(503, { "Retry-After": "Wed, 25 Nov 2026 15:00:00 GMT" });
  const { time, calls } = await opened(t, date, refusal(502, { "Retry-After": "60" }));

  await time.pass(20_000);

  assert.ok(waits(calls).every((wait) => wait <= 5_100));
});

test("after a cut it waits as the server drew it for this stream", async (t) => {
  const line = new Line();
  const { time, calls } = await opened(t, line, noServer);
  await line.say(OPEN);
  await line.end();

  await time.pass(2_300);
  assert.equal(calls.length, 1);
  await time.pass(300);

  assert.equal(calls.length, 2);
});

for (const [retry, from, to] of [["0", 900, 1_100], ["600000", 4_900, 5_100]]) {
  test(`a retry of ${retry} ms is none`, async (t) => {
    const line = new Line();
    const { time, calls } = await opened(t, line, noServer);
    await line.say(`retry: ${retry}\n\n`);
    await line.end();

    await time.pass(from);
    assert.equal(calls.length, 1);
    await time.pass(to - from);

    assert.equal(calls.length, 2);
  });
}

test("without a byte for 33 s it is lost since the last one, and opened again", async (t) => {
  const line = new Line();
  const { time, calls, statuses, states } = await opened(t, line, noAnswer);
  await line.say(OPEN);

  await time.pass(32_000);
  assert.deepEqual(states(), ["live"]);
  await time.pass(3_000);

  assert.deepEqual(states(), ["live", "lost"]);
  assert.ok(statuses[1].silentMs >= 33_000 && statuses[1].silentMs <= 35_000);
  await time.pass(5_000);
  assert.equal(calls.length, 2);
});

test("an opening without an answer fails after 8 s", async (t) => {
  const { time, calls, states } = await opened(t, noAnswer);

  await time.pass(7_900);
  assert.deepEqual(states(), []);
  await time.pass(1_300);

  assert.deepEqual(states(), ["lost"]);
  await time.pass(5_000);
  assert.equal(calls.length, 2);
});

test("headers without a byte after them are no answer", async (t) => {
  const { time, states } = await opened(t, new Line());

  await time.pass(9_200);

  assert.deepEqual(states(), ["lost"]);
});

test("a stream that ends before it has said anything was not open", async (t) => {
  const line = new Line();
  const { states } = await opened(t, line, noServer);

  await line.end();

  assert.deepEqual(states(), ["lost"]);
});

test("after a sleep it opens again at once, and is lost since before the sleep if it cannot", async (t) => {
  const line = new Line();
  const { time, calls, statuses, states } = await opened(t, line, noServer);
  await line.say(OPEN);

  time.jump(8 * 3_600_000);
  await time.pass(1_200);

  assert.deepEqual(states(), ["live", "reconnecting", "lost"]);
  assert.equal(calls.length, 2);
  assert.ok(statuses[2].silentMs >= 8 * 3_600_000);
});

test("a clock that is set forward costs an opening and no alarm", async (t) => {
  const [line, next] = [new Line(), new Line()];
  const { time, states } = await opened(t, line, next);
  await line.say(OPEN);

  time.jump(3_600_000);
  await time.pass(1_200);
  await next.say(OPEN);

  assert.deepEqual(states(), ["live", "reconnecting", "live"]);
});

test("a clock that is set back hides no silence and cuts nothing", async (t) => {
  const line = new Line();
  const { time, statuses, states } = await opened(t, line, noServer);
  await line.say(OPEN);

  time.jump(-3_600_000);
  await time.pass(32_000);
  assert.deepEqual(states(), ["live"]);
  await time.pass(3_000);

  assert.equal(statuses[1].state, "lost");
  assert.ok(statuses[1].silentMs < 36_000);
});

test("what an event was cut in is not told, and the next opening asks from the event before it", async (t) => {
  const line = new Line();
  const { time, calls, stream } = await opened(t, line, noServer);
  const told = t.mock.method(stream, "onEvent");
  await line.say(`${OPEN}id: pf-0a1b2c3d:8\ndata: {"a": 1}\n\nid: pf-0a1b2c3d:9\ndata: {"a"`);

  await line.cut();
  await time.pass(5_100);

  assert.equal(told.mock.callCount(), 2);
  assert.equal(calls[1].url, "/events?viewer=1&lastEventId=pf-0a1b2c3d%3A8");
});

test("one that was stopped asks no more, and started again goes on where it was", async (t) => {
  const line = new Line();
  const { time, calls, stream, states } = await opened(t, line, noServer);
  await line.say(`${OPEN}id: pf-0a1b2c3d:8\ndata: {}\n\n`);

  stream.stop();
  await time.pass(60_000);
  assert.equal(calls.length, 1);
  stream.start();
  await settle();

  assert.deepEqual(states().slice(0, 2), ["live", "reconnecting"]);
  assert.equal(calls[1].url, "/events?viewer=1&lastEventId=pf-0a1b2c3d%3A8");
});

test("stopped and started at once it opens one stream", async (t) => {
  const { time, calls, stream } = await opened(t, noServer);

  for (let i = 0; i < 5; i += 1) {
    stream.stop();
    stream.start();
  }
  await settle();
  const soFar = calls.length;
  await time.pass(5_100);

  assert.ok(calls.length - soFar <= 5);
});
