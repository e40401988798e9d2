// The server's time, whatever the browser's own clock says.

let offset = 0;

export function setServerTime(iso) {
  const time = Date.parse(iso);
  if (!Number.isNaN(time)) offset = time - Date.now();
}

// Milliseconds since 1970.
export function serverNow() {
  return Date.now() + offset;
}

// When something happened by the browser's clock, by the server's.
export function asServerTime(browserTime) {
  return browserTime + offset;
}

setServerTime(document.body.dataset.serverTime);
document.body.addEventListener("pf:clock", (event) => setServerTime(event.detail.serverTime));
