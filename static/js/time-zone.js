// Tells the server the viewer's time zone by a cookie, and rewrites the times of a page that did not know it yet.
import { clock, moment } from "./display.js";
import { serverNow } from "./clock.js";

const YEAR_SECONDS = 31_536_000;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const cookie = `timeZone=${zone}`;
if (zone && !document.cookie.split("; ").includes(cookie)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${cookie}; path=/; max-age=${YEAR_SECONDS}; samesite=lax${secure}`;
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = Date.parse(time.dateTime);
    time.title = moment(at);
    if ("clock" in time.dataset) time.textContent = clock(at, serverNow());
  }
}
