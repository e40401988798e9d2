// The colours of the chart, from the tokens of the style sheet as they are now: light or dark.
const TOKENS = ["printing-solid", "paused-tint", "paused-solid", "failed-solid", "warn-solid", "done-solid", "quiet-solid", "surface", "surface-sunk", "line", "line-control", "ink", "ink-2", "ink-3"];

// A canvas does not know custom properties: an element is asked what colour they come to.
export function inks(root) {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const found = TOKENS.map((token) => {
    probe.style.color = `var(--${token})`;
    return [token, getComputedStyle(probe).color];
  });
  const { fontFamily } = getComputedStyle(root);
  probe.style.fontSize = "var(--text-xs)";
  const { fontSize } = getComputedStyle(probe);
  probe.remove();
  return { ...Object.fromEntries(found), font: `${fontSize} ${fontFamily}`, textPx: Number.parseFloat(fontSize) };
}

// The same colour, so much of it (0 to 1): computed colours end in a bracket.
export function faint(colour, share) {
  const inside = colour.slice(0, -1).split("/")[0].trim();
  return `${inside.includes(",") ? inside.replace("rgb(", "rgba(") + `, ${share}` : `${inside} / ${share}`})`;
}

export function onOtherInks(tell) {
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", tell);
  }
}
