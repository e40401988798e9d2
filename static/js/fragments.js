// Fetches a fragment of the page again when something happened that it depends on (data-refetch-on names it), and
// tries again until the server answers. Several events in a row make one request.

const GATHER_MS = 200;
const KINDS = ["job", "removed", "reset", "changed", "printers", "silence"];
const planned = new Map();

// What a morph must leave alone: what the viewer opened, typed or chose and has not sent yet.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
  !(
    (name === "open" && element.tagName === "DETAILS") ||
    (name === "selected" && element.tagName === "OPTION") ||
    (["value", "checked"].includes(name) && element.matches("input:not([type=hidden], [readonly]), textarea"))
  );

// And what draws itself (data-kept): it brings up to date what is inside it.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (element) => !(element instanceof Element && "kept" in element.dataset);

function plan(fragment, delay) {
  if (planned.has(fragment.id)) return;
  planned.set(
    fragment.id,
    setTimeout(() => {
      planned.delete(fragment.id);
      const present = document.getElementById(fragment.id);
      if (present) htmx.trigger(present, "pf:refetch");
    }, delay),
  );
}

function concerns(fragment, kind, detail) {
  const kinds = fragment.dataset.refetchOn.split(" ");
  return kinds.includes(kind) || (kinds.includes(`own-${kind}`) && fragment.dataset.job === detail?.id);
}

for (const kind of KINDS) {
  document.body.addEventListener(`pf:${kind}`, ({ detail }) => {
    for (const fragment of document.querySelectorAll("[data-fragment]")) {
      if (concerns(fragment, kind, detail)) plan(fragment, GATHER_MS);
    }
  });
}

// A refusal is a toast for whoever pressed a button; it must not take the place of a fragment.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status < 400 || detail.requestConfig.verb !== "get") return;
  detail.shouldSwap = false;
  detail.isError = true;
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(failure, ({ detail }) => {
    const fragment = detail.elt;
    if (!fragment.matches("[data-fragment]")) return;
    // Gone for good: it was hidden, or is not ours to see. The page says so when it is loaded again.
    if (detail.xhr.status === 404) location.reload();
    else plan(fragment, 1000 + Math.random() * 4000);
  });
}
