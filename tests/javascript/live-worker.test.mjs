import assert from "node:assert/strict";
import { test } from "node:test";
import { Line, makeNetwork, makeTime, refusal, settle } from "./world.mjs";

const EPOCH = "pf-0a1b2c3d";
const FROM_100 = { kind: "here", url: "/events", lastEventId: `${EPOCH}:100` };

const progress = (revision) => ({ type: "progress", id: "17", revision });
const sent = (event) => `id: ${EPOCH}:${event.revision}\ndata: ${JSON.stringify(event)}\n\n`;
const clock = (revision, serverTime = "2026-11-25T10:00:00Z") =>
  `event: clock\n${revision ? `id: ${EPOCH}:${revision}\n` : ""}data: ${JSON.stringify({ serverTime })}\n\n`;

class Tab extends EventTarget {
  heard = [];
  start() {}
  postMessage(message) {
    this.heard.push(message);
  }
  say(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
    return settle();
  }
  get told() {
    return this.heard.filter(({ kind }) => kind !== "status").flatMap(({ events, event }) => events ?? [event]);
  }
  get news() {
    return this.told.filter(({ type }) => type !== "clock");
  }
}

let workers = 0;

// A worker of its own, and its network.
async function worker(t, ...answers) {
  const time = makeTime(t);
  const calls = makeNetwork(t, time, ...answers);
  globalThis.self = new EventTarget();
  workers += 1;
  await import(`../../static/js/live-worker.js?${workers}`);
  const scope = globalThis.self;
  const connect = async (hello = FROM_100) => {
    const tab = new Tab();
    scope.dispatchEvent(Object.assign(new Event("connect"), { ports: [tab] }));
    await tab.say(hello);
    return tab;
  };
  t.after(() => time.pass(100));
  return { time, calls, connect };
}

test("ten tabs have one stream, and all hear of everything", async (t) => {
  const line = new Line();
  const { calls, connect } = await worker(t, line);
  const tabs = await Promise.all(Array.from({ length: 10 }, () => connect()));

  await line.say(sent(progress(101)));

  assert.equal(calls.length, 1);
  for (const tab of tabs) assert.deepEqual(tab.news, [progress(101)]);
});

test("a tab that comes later is told what its page has missed", async (t) => {
  const line = new Line();
  const { connect } = await worker(t, line);
  await connect();
  await line.say(sent(progress(101)));

  assert.deepEqual((await connect()).news, [progress(101)]);
  assert.deepEqual((await connect({ ...FROM_100, lastEventId: `${EPOCH}:101` })).news, []);
  assert.deepEqual((await connect({ ...FROM_100, lastEventId: `${EPOCH}:99` })).news, [{ type: "reset" }]);
});

test("after a reset, a page from before its end must read everything too", async (t) => {
  const line = new Line();
  const { connect } = await worker(t, line);
  await connect();

  await line.say(`event: stream-reset\ndata: {}\n\n${sent(progress(101))}`);
  assert.deepEqual((await connect()).news, [{ type: "reset" }]);
  await line.say(clock(120) + sent(progress(121)));

  assert.deepEqual((await connect({ ...FROM_100, lastEventId: `${EPOCH}:119` })).news, [{ type: "reset" }]);
  assert.deepEqual((await connect({ ...FROM_100, lastEventId: `${EPOCH}:120` })).news, [progress(121)]);
});

test("who asks is told the time as it is then", async (t) => {
  const line = new Line();
  const { time, connect } = await worker(t, line);
  await connect();
  await line.say(clock(100));

  await time.pass(12_000);

  assert.deepEqual((await connect()).told, [{ type: "clock", serverTime: "2026-11-25T10:00:12.000Z" }]);
});

for (const [how, leave] of [
  ["says goodbye", (tab) => tab.say({ kind: "bye" })],
  ["is closed", (tab) => tab.dispatchEvent(new Event("close"))],
]) {
  test(`a tab that ${how} is told no more`, async (t) => {
    const line = new Line();
    const { connect } = await worker(t, line);
    const [one, other] = [await connect(), await connect()];

    await leave(one);
    await line.say(sent(progress(101)));

    assert.deepEqual([one.news, other.news], [[], [progress(101)]]);
  });
}

test("a tab that died without a word is forgotten, and one that was frozen comes back", async (t) => {
  const line = new Line();
  const { time, connect } = await worker(t, line);
  const [alive, dead] = [await connect(), await connect()];
  await line.say(clock(100));
  for (let minute = 0; minute < 6; minute += 1) {
    for (let i = 0; i < 3; i += 1) {
      await time.pass(20_000);
      await line.say(clock(100));
    }
    await alive.say(FROM_100);
  }

  await line.say(sent(progress(101)));

  assert.deepEqual([alive.news, dead.news], [[progress(101)], []]);
  await dead.say(FROM_100);
  assert.deepEqual(dead.news, [progress(101)]);
});

test("an end is told to all, and asked about again only when a tab comes", async (t) => {
  const line = new Line();
  const { time, calls, connect } = await worker(t, refusal(401), line);
  const tab = await connect();
  assert.equal(tab.heard.at(-1).status.state, "ended");
  await time.pass(60_000);
  assert.equal(calls.length, 1);

  await connect();
  await line.say(sent(progress(101)));

  assert.equal(tab.heard.at(-2).status.state, "live");
  assert.deepEqual(tab.news, [progress(101)]);
});
