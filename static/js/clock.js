// The server's time, whatever the browser's own clock says and whoever sets it meanwhile.
import { steadyNow } from "./steady.js";

let offset = 0;

export function setServerTime(iso) {
  const time = Date.parse(iso);
  if (!Number.isNaN(time)) offset = time - steadyNow();
}

// Milliseconds since 1970.
export function serverNow() {
  return steadyNow() + offset;
}

setServerTime(document.body.dataset.serverTime);
document.body.addEventListener("pf:clock", (event) => setServerTime(event.detail.serverTime));
