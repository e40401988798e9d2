"""A browser whose clock is wrong, and can be set while a page is open: in the page and in its shared worker."""

from playwright.sync_api import Page

# Everything but the wall's clock goes on: that is what performance.now() and timers are made of.
SCRIPT = """
((shift) => {
  const patch = (shift) => {
    const Real = Date;
    const now = () => Real.now() + shift;
    globalThis.Date = new Proxy(Real, {
      construct: (target, given) => (given.length ? new target(...given) : new target(now())),
      get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
    });
    new BroadcastChannel("clock").onmessage = ({ data }) => (shift = data);
  };
  patch(shift);
  const RealWorker = globalThis.SharedWorker;
  if (!RealWorker) return;
  const module = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  globalThis.SharedWorker = function (script, options) {
    const clock = module(`(${patch})(${shift}); const real = fetch;
      globalThis.fetch = (address, more) => real(new URL(address, ${JSON.stringify(location.origin)}), more);`);
    return new RealWorker(module(`import "${clock}"; import "${new URL(script, location)}";`), options);
  };
})(%d)
"""


def shift_clock(page: Page, hours: float) -> None:
    """Have the clock of the browser go wrong by `hours` from the page's next opening on.

    The page is one of `open_page(bypass_csp=True)`: the worker's clock is set by a script of ours.
    """
    page.add_init_script(SCRIPT % (hours * 3_600_000))


def set_clock(page: Page, hours: float) -> None:
    """Set the clock while the page is open."""
    page.evaluate("shift => new BroadcastChannel('clock').postMessage(shift)", hours * 3_600_000)
