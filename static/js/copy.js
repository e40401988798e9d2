// Copies the text of a field (data-copy names its id). Without permission to write to the clipboard, or on a page
// without TLS, the browser's own copying is tried; if that does not work either, the text stands selected.

const SAID_MS = 3000;

async function copied(field) {
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const word = (await copied(document.getElementById(button.dataset.copy))) ? "Copied" : "Press Ctrl+C";
  const status = document.getElementById(`${button.id}-status`);
  const asBefore = button.dataset.word ?? button.textContent;
  button.dataset.word = asBefore;
  button.textContent = word;
  status.textContent = word;
  setTimeout(() => {
    button.textContent = asBefore;
    status.textContent = "";
  }, SAID_MS);
});

// A press into such a field is meant to take all of it.
document.addEventListener("focusin", ({ target }) => target.matches("[data-selects]") && target.select());
