// Says so when a verb got no answer, or one that nobody foresaw: a button that does nothing looks like one that worked.

const template = document.getElementById("no-answer");

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(failure, ({ detail }) => {
    if (detail.requestConfig.verb === "get") return;
    document.getElementById("toasts").append(template.content.cloneNode(true));
  });
}
