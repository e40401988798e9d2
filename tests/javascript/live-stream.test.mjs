import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";
import { EventParser, LiveStream } from "../../static/js/live-stream.js";

function parsed(...chunks) {
  const events = [];
  const parser = new EventParser((event) => events.push(event));
  chunks.forEach((chunk) => parser.push(chunk));
  return events;
}

test("an event is read wherever the network cuts it", () => {
  const whole = 'id: pf-0a1b2c3d:7\nevent: clock\ndata: {"a":\ndata: 1}\n\n';
  const expected = [{ id: "pf-0a1b2c3d:7", name: "clock", data: '{"a":\n1}' }];

  for (let cut = 0; cut < whole.length; cut += 1) {
    assert.deepEqual(parsed(whole.slice(0, cut), whole.slice(cut)), expected);
  }
});

test("line ends of any kind, comments and unknown fields do no harm", () => {
  assert.deepEqual(parsed(": hello\r\nretry: 3000\r\n\r\ndata:x\r\n\r\n"), [{ id: "", name: "message", data: "x" }]);
});

test("an event without its empty line is not told yet", () => {
  assert.deepEqual(parsed("data: x\n"), []);
});

// Listens on a free port; `answer(request, response)` gets each request. Returns what the stream told.
async function told(t, answer, enough) {
  t.mock.method(Math, "random", () => 0); // the shortest wait
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const heard = { statuses: [], events: [] };
  const done = new Promise((resolve) => {
    const look = () => enough(heard) && resolve();
    const stream = new LiveStream(`http://127.0.0.1:${server.address().port}/events`, "pf-0a1b2c3d:7", {
      onStatus: ({ state }) => (heard.statuses.push(state), look()),
      onEvent: (event) => (heard.events.push(event), look()),
    });
    t.after(() => {
      stream.stop();
      server.closeAllConnections();
      server.close();
    });
    stream.start();
  });
  await done;
  return heard;
}

const SSE = { "Content-Type": "text/event-stream; charset=utf-8" };

test("it takes up where it stopped after the server has cut the stream", async (t) => {
  const asked = [];
  const answer = (request, response) => {
    asked.push(request.url);
    response.writeHead(200, SSE).end(`id: pf-0a1b2c3d:${7 + asked.length}\ndata: {}\n\n`);
  };

  await told(t, answer, ({ events }) => events.length === 2);

  assert.deepEqual(asked.slice(0, 2), ["/events?lastEventId=pf-0a1b2c3d%3A7", "/events?lastEventId=pf-0a1b2c3d%3A8"]);
});

test("a stream that was cut is reconnecting, and lost only when it does not open again", async (t) => {
  let first = true;
  const answer = (request, response) => {
    if (first) response.writeHead(200, SSE).end("data: {}\n\n");
    else response.writeHead(502).end();
    first = false;
  };

  const { statuses } = await told(t, answer, ({ statuses }) => statuses.includes("lost"));

  assert.deepEqual(statuses, ["live", "reconnecting", "lost"]);
});

for (const status of [401, 403]) {
  test(`${status} ends it for good`, async (t) => {
    const { statuses } = await told(t, (request, response) => response.writeHead(status).end(), () => true);

    assert.deepEqual(statuses, ["ended"]);
  });
}

test("a page of HTML is no stream", async (t) => {
  const answer = (request, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>Log in</h1>");

  const { statuses, events } = await told(t, answer, () => true);

  assert.deepEqual([statuses, events], [["lost"], []]);
});

test("an id that the server refuses is forgotten, and everything is read again", async (t) => {
  const asked = [];
  const answer = (request, response) => {
    asked.push(request.url);
    if (asked.length === 1) response.writeHead(400).end();
    else response.writeHead(200, SSE).end("data: {}\n\n");
  };

  const { events } = await told(t, answer, ({ events }) => events.length === 2);

  assert.deepEqual(events.map(({ name }) => name), ["stream-reset", "message"]);
  assert.equal(asked[1], "/events");
});
