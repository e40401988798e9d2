// Milliseconds that pass evenly, from a beginning of their own: for measuring, never for showing. Setting the machine's
// clock back does not stop them; a sleep counts, though performance.now() leaves it out on most systems. A clock that
// is set forward cannot be told from a sleep: whoever measures across it asks the server again.

const JUMP_MS = 2_000;

const read = () => ({ wall: Date.now(), passed: performance.now() });

let last = read();
let slept = 0;

export function steadyNow() {
  const now = read();
  const jump = now.wall - last.wall - (now.passed - last.passed);
  if (jump > JUMP_MS) slept += jump;
  last = now;
  return now.passed + slept;
}
