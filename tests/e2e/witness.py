"""Keeps everything that a page ever shows of a job's and its printer's progress, from before its first byte on."""

import json
import re
from dataclasses import dataclass

from playwright.sync_api import Page

# Runs in the page before anything else. A mutation observer is called before the next painting, so that nothing which
# an eye could have seen is missed.
SCRIPT = """
(() => {
  const seen = (window.seenByWitness = []);
  const JOB = '[data-job="%(job)s"]';
  const text = (place, name) => document.querySelector(`${place} [data-show="${name}"]`)?.textContent.trim() ?? "";
  const look = () => {
    const now = JSON.stringify([
      text(JOB, "badge"),
      text(JOB, "figure"),
      document.querySelector(`${JOB} progress`)?.value ?? null,
      text("article[data-printer]", "figure"),
      /\\b100(\\.0)?\\s*%%/.test(document.querySelector("main")?.textContent ?? ""),
    ]);
    if (now !== seen.at(-1)) seen.push(now);
  };
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
})();
"""


@dataclass(frozen=True)
class Sight:
    """What the page showed at one moment; "" and None for what it did not show."""

    badge: str
    figure: str
    bar: float | None
    printer: str
    """The figure on the printer's card."""
    says_100: bool
    """Whether 100 % stood anywhere on the page."""

    @property
    def percent(self) -> float | None:
        """The percent in the badge."""
        found = re.search(r"([\d.]+)%", self.badge)
        return float(found[1]) if found else None


def watch(page: Page, job_id: int) -> None:
    """Keep what `page` shows from its next opening on."""
    page.add_init_script(SCRIPT % {"job": job_id})


def sights(page: Page) -> list[Sight]:
    """All that the page showed since it was opened last; each differs from the one before it."""
    return [Sight(*json.loads(sight)) for sight in page.evaluate("window.seenByWitness")]
