"""Measures a page as it stands: what is cut, what lies on top of what, what is too small for a finger."""

from playwright.sync_api import Page

# What may never be cut: codes, percents, states, times, and what can be pressed. Names may end in "…".
WHOLE = ".code, .q-code a, .badge, .figure, .fresh, time, .btn, .tabs a, h2, dd:not(.mono)"
PIECES = f"{WHOLE}, .q-name, .q-sub, .bar, .input, .printer-name, .printer-job, .printer-more, .brand-word, .app-nav a, .live, .notice, .field-hint, label"
TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary"

SCRIPT = """
([whole, pieces, targets, finger]) => {
  const name = (e) => `${e.tagName.toLowerCase()}${e.id && "#" + e.id}.${e.className} "${e.textContent.trim().slice(0, 30)}"`;
  const isSeen = (e) => {
    const { width, height, bottom } = e.getBoundingClientRect();
    return e.checkVisibility({ visibilityProperty: true }) && width > 1 && height > 1 && bottom > 0
      && !isForScreenReaders(e);
  };
  const isForScreenReaders = (e) => e !== null && (getComputedStyle(e).clipPath !== "none" || isForScreenReaders(e.parentElement));
  const clips = (e) => getComputedStyle(e).overflow !== "visible";
  const all = (selector) => [...document.querySelectorAll(selector)].filter(isSeen);
  const isCut = (e) => {
    if (clips(e) && e.scrollWidth > e.clientWidth + 1) return true;
    const { right, bottom } = e.getBoundingClientRect();
    for (let box = e.parentElement; box; box = box.parentElement) {
      const outer = box.getBoundingClientRect();
      if (clips(box) && (right > outer.right + 1 || bottom > outer.bottom + 1)) return true;
    }
    return false;
  };
  const overlap = (a, b) => {
    if (a.contains(b) || b.contains(a)) return false;
    const [one, two] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    return Math.min(one.right, two.right) - Math.max(one.left, two.left) > 2
      && Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top) > 2;
  };
  // A press so far from the middle must still hit: the element, what it stretches over, or a checkbox's label.
  const isSmall = (e) => {
    const parts = e.type === "checkbox" ? [e, ...e.labels] : [e];
    const boxes = parts.map((part) => part.getBoundingClientRect());
    const x = (Math.min(...boxes.map((box) => box.left)) + Math.max(...boxes.map((box) => box.right))) / 2;
    const y = (Math.min(...boxes.map((box) => box.top)) + Math.max(...boxes.map((box) => box.bottom))) / 2;
    const reach = finger / 2 - 1;
    const hits = ([dx, dy]) => {
      const hit = document.elementFromPoint(x + dx, y + dy);
      return hit && parts.some((part) => part.contains(hit));
    };
    return ![[reach, 0], [-reach, 0], [0, reach], [0, -reach]].every(hits);
  };
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    const widest = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
    faults.push(`scrolls sideways: ${widest.slice(0, 3).map(name).join(", ")}`);
  }
  for (const e of all(whole)) if (isCut(e)) faults.push(`cut: ${name(e)}`);
  const seen = all(pieces);
  seen.forEach((a, n) => seen.slice(n + 1).forEach((b) => overlap(a, b) && faults.push(`overlap: ${name(a)} and ${name(b)}`)));
  if (finger) for (const e of all(targets)) if (isSmall(e)) faults.push(`too small for a finger: ${name(e)}`);
  return faults;
}
"""


def layout_faults(page: Page, *, finger_px: int = 0) -> list[str]:
    """What is wrong with the look of `page`, a line each; `finger_px`: how wide and high a target must be."""
    faults: list[str] = page.evaluate(SCRIPT, [WHOLE, PIECES, TARGETS, finger_px])
    return faults
