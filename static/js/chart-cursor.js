// The cursor of the chart: with the arrow keys, one hundredth of the print a press; with a pointer where that is.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10 };

// The time to which a key moves the cursor: null takes it away, undefined is no key of ours. `at` is null at first.
export function moved(key, at, begin, end) {
  if (key === "Escape") return null;
  if (key === "Home") return begin;
  if (key === "End") return end;
  if (!(key in STEPS)) return undefined;
  if (at === null) return end;
  return Math.min(end, Math.max(begin, at + (STEPS[key] * (end - begin)) / 100));
}
