// For tests: time that passes only when told to, and a network that answers as it is told.
import { setImmediate as turn } from "node:timers/promises";

const SSE = { "Content-Type": "text/event-stream; charset=utf-8" };

// Time for `t`: `pass(ms)` lets it pass; `jump(ms)` moves the wall's clock, as a sleep or a hand does, and nothing else.
export function makeTime(t) {
  let passed = 1_000;
  let ahead = 1_700_000_000_000;
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.mock.method(performance, "now", () => passed);
  t.mock.method(Date, "now", () => passed + ahead);
  return {
    get now() {
      return passed;
    },
    jump(ms) {
      ahead += ms;
    },
    async pass(ms) {
      await settle();
      for (let left = ms; left > 0; left -= 100) {
        passed += 100;
        t.mock.timers.tick(100);
        await settle();
      }
    },
  };
}

export async function settle() {
  for (let i = 0; i < 20; i += 1) await turn();
}

// A stream that has answered; `say(text)`, `end()`, `cut()`.
export class Line {
  response = (signal) => {
    const body = new ReadableStream({ start: (controller) => (this.controller = controller) });
    signal.addEventListener("abort", () => this.cut());
    return new Response(body.pipeThrough(new TextEncoderStream()), { status: 200, headers: SSE });
  };

  say(text) {
    this.controller.enqueue(text);
    return settle();
  }

  end() {
    this.controller.close();
    return settle();
  }

  cut() {
    try {
      this.controller.error(new TypeError("network error"));
    } catch {
      // It had ended.
    }
    return settle();
  }
}

export const refusal = (status, headers = {}) => () => new Response("", { status, headers });

export const noServer = () => {
  throw new TypeError("Failed to fetch");
};

export const noAnswer = (signal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("", "AbortError"))));

// Answers the n-th fetch with the n-th of `answers`, and all others with the last; returns what was fetched, and when.
export function makeNetwork(t, time, ...answers) {
  const calls = [];
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    calls.push({ url, at: time.now });
    return answer instanceof Line ? answer.response(signal) : answer(signal);
  });
  return calls;
}
