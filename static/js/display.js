// How a fact reads: percent, state, age, duration, clock time. printqueue/templatetags/display.py has the same rules,
// and tests/data/display.json the cases that both must pass.

const MINUTE = 60;
const HOUR = 60 * MINUTE;

export const WAITING = "Waiting for updates…";

// Of each state on the wire, and of what hangs: the state in the style sheets, the icon, the word.
const WORDS = {
  ready: ["ready", "clock", "Ready"],
  printing: ["printing", "printing", "Printing"],
  preparing: ["preparing", "clock", "Preparing"],
  paused: ["paused", "pause", "Paused"],
  completed: ["completed", "check", "Completed"],
  failed: ["failed", "alert", "Failed"],
  cancelled: ["cancelled", "cross", "Cancelled"],
  idle: ["idle", "check", "Idle"],
  offline: ["offline", "offline", "Offline"],
  stalled: ["stalled", "alert", "Stalled"],
  unknown_end: ["unknown", "alert", "Ended?"],
};

const WITH_PERCENT = new Set(["printing", "paused", "failed", "offline", "stalled"]);

export function percent(progress) {
  if (progress === null) return "";
  if (progress >= 100) return "100.0";
  return Math.min(Number(progress.toFixed(1)), 99.9).toFixed(1);
}

export function badge(state, progress) {
  const [key, icon, word] = WORDS[state];
  if (state === "printing" && progress !== null && progress >= 100) return { state: "finishing", icon, word: "Finishing" };
  if (WITH_PERCENT.has(state) && progress !== null && progress < 100) return { state: key, icon, word: `${word} ${percent(progress)}%` };
  return { state: key, icon, word };
}

// Returns the state that a job's or printer's event is shown in: whatever hangs is stalled.
export function shownState(event) {
  return event.stall ? "stalled" : event.state;
}

export function bar(state, progress) {
  return progress === null || state === "ready" ? "waiting" : badge(state, progress).state;
}

export function figure(state, progress) {
  const { word } = badge(state, progress);
  return ["printing", "paused"].includes(state) && word.includes("%") ? percent(progress) : word;
}

export function duration(seconds) {
  if (seconds === null) return "";
  const minutes = Math.max(0, Math.ceil(seconds / MINUTE));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
}

export function ageBand(seconds) {
  if (seconds === null) return "none";
  if (seconds < MINUTE) return "now";
  return seconds < HOUR ? "min" : "hours";
}

export function age(seconds) {
  switch (ageBand(seconds)) {
    case "none":
      return WAITING;
    case "now":
      return "just now";
    case "min":
      return `${Math.floor(seconds / MINUTE)}m ago`;
    default:
      return `${Math.floor(seconds / HOUR)}h ago`;
  }
}

export function layers(layer, total) {
  if (layer === null) return "";
  return total ? `${layer}/${total}` : String(layer);
}

// Returns milliseconds since 1970, or null while the print stands still or the printer does not say.
export function doneAt(state, reportedAt, remainingSeconds) {
  if (state !== "printing" || reportedAt === null || remainingSeconds === null) return null;
  return reportedAt + remainingSeconds * 1000;
}

// As it is estimated, else as the printer sees it.
export function finish(state, reportedAt, remainingSeconds, estimated) {
  return estimated ?? doneAt(state, reportedAt, remainingSeconds);
}

// Of a print that hangs nobody knows when it will finish.
export function foretold(event) {
  if (!event.stall) return event;
  return {
    ...event,
    remainingSeconds: null,
    estimatedFinishTime: null,
    estimatedRemainingSeconds: null,
    estimatedSpreadSeconds: null,
  };
}

export function left(remainingSeconds, estimatedSeconds) {
  return estimatedSeconds ?? remainingSeconds;
}

// Minutes as one says them of something that is not certain.
const SPREADS = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, ...[2, 3, 4, 6, 8, 12, 24, 48, 72].map((hours) => 60 * hours)];
const LEAST_SPREAD = 1.2;

export function spread(seconds) {
  const minutes = SPREADS.find((said) => said * LEAST_SPREAD * MINUTE >= seconds) ?? SPREADS.at(-1);
  return `± ${duration(minutes * MINUTE)}`;
}

// How sure a finish is, or whose figure it is.
export function sure(remainingSeconds, spreadSeconds) {
  if (spreadSeconds !== null) return spread(spreadSeconds);
  return remainingSeconds === null ? "" : "by the printer";
}

export function whose(remainingSeconds, spreadSeconds) {
  if (spreadSeconds !== null) return `Estimated from all that is known, ${spread(spreadSeconds)}`;
  return remainingSeconds === null ? "" : "What the printer says";
}

export function late(finishAt, dueAt) {
  if (finishAt === null || dueAt === null) return "";
  const minutes = Math.floor((finishAt - dueAt) / 1000 / MINUTE);
  if (minutes < 1) return "";
  const shown = minutes < 120 ? minutes : Math.floor((minutes + 30) / 60) * 60;
  return `late by ${duration(shown * MINUTE)}`;
}

// `moment` and `now` in milliseconds since 1970; `zone` as in the tz database, undefined for the browser's.
export function clock(moment, now, zone) {
  const local = partsOf(moment, zone);
  const today = partsOf(now, zone);
  const time = `${local.hour}:${local.minute}`;
  const days = Math.abs(dayNumber(local) - dayNumber(today));
  if (days === 0) return time;
  if (days <= 6) return `${local.weekday} ${time}`;
  const day = `${Number(local.day)} ${local.month}`;
  return local.year === today.year ? `${day} ${time}` : `${day} ${local.year}`;
}

export function moment(moment, zone) {
  const local = partsOf(moment, zone);
  return `${Number(local.day)} ${local.month} ${local.year}, ${local.hour}:${local.minute}:${local.second}`;
}

const formats = new Map();

function partsOf(moment, zone) {
  if (!formats.has(zone)) {
    formats.set(
      zone,
      new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        weekday: "short",
        day: "2-digit",
        month: "short",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
      }),
    );
  }
  return Object.fromEntries(formats.get(zone).formatToParts(moment).map((part) => [part.type, part.value]));
}

function dayNumber(parts) {
  return Date.parse(`${parts.month} ${parts.day}, ${parts.year} 00:00:00 GMT`) / 86_400_000;
}
