// Says in words what the chart shows: only what is there.
const SHAPES = {
  line: '<path d="M1 6H23"/>',
  box: '<rect width="24" height="12" rx="2"/>',
  mark: '<path d="M12 1l6 10H6z"/>',
  ticks: '<path d="M4 12V5M12 12V5M20 12V5"/>',
};

function entries(course, now) {
  const { every, ticks } = course.layers;
  const expected = course.expectedBy(now);
  return [
    ["percent", "line", "Percent, as reported"],
    expected && ["expected", "line", expected.spreadSeconds ? "Expected, and how sure that is" : "Expected"],
    course.pauses.length && ["pause", "box", "Paused"],
    course.gapsUntil(now).length && ["gap", "box", "No reports"],
    course.marks.length && ["mark", "mark", "Trouble"],
    ticks.length && ["layer", "ticks", every === 1 ? "Layer" : `Every ${every}${every === 2 ? "nd" : "th"} layer`],
    course.has("nozzleC") && ["nozzle", "line", "Nozzle °C"],
    course.has("bedC") && ["bed", "line", "Bed °C"],
  ].filter(Boolean);
}

export function writeLegend(list, course, now) {
  const wanted = entries(course, now);
  if (list.dataset.said === JSON.stringify(wanted)) return;
  list.dataset.said = JSON.stringify(wanted);
  list.replaceChildren(
    ...wanted.map(([key, shape, word]) => {
      const item = document.createElement("li");
      item.innerHTML = `<svg class="chart-key" data-key="${key}" viewBox="0 0 24 12" aria-hidden="true">${SHAPES[shape]}</svg>`;
      item.append(word);
      return item;
    }),
  );
}
