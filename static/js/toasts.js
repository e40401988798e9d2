// Takes good news away after a while, unless it is being read; bad news stays until it is closed.

const SECONDS = 12;
const toasts = document.getElementById("toasts");

function keep(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-quiet btn-icon toast-close";
  close.setAttribute("aria-label", "Close this message");
  close.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-cross"/></svg>';
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (toast.dataset.state !== "failed") takeAwayLater(toast);
  // Its Undo was pressed: the answer is a toast of its own.
  toast.addEventListener("htmx:afterRequest", (event) => event.detail.successful && toast.remove());
}

function takeAwayLater(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) takeAwayLater(toast);
    else toast.remove();
  }, SECONDS * 1000);
}

if (toasts) {
  for (const toast of toasts.querySelectorAll("[data-toast]")) keep(toast);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node.matches?.("[data-toast]")) keep(node);
    }
  }).observe(toasts, { childList: true });
}
