// What is drawn besides the lines: pauses, gaps, layers, marks, what is expected, and now.
import { serverNow } from "./clock.js";
import { clock, spread } from "./display.js";
import { faint } from "./chart-inks.js";

// The pixels of a plot: `x(time)` and `y(percent)`, and the box that is drawn in.
function pixels(u) {
  const { left, top, width, height } = u.bbox;
  return {
    left, top, width, height,
    right: left + width,
    bottom: top + height,
    scale: devicePixelRatio,
    x: (at) => u.valToPos(at, "x", true),
    y: (percent) => u.valToPos(percent, "y", true),
  };
}

function clipped(u, draw) {
  const { ctx } = u;
  const box = pixels(u);
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top - 20 * box.scale, box.width, box.height + 20 * box.scale);
  ctx.clip();
  draw(ctx, box);
  ctx.restore();
}

function path(ctx, ...points) {
  ctx.beginPath();
  points.forEach(([x, y], index) => (index ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
}

function band(ctx, box, begin, end, colour) {
  ctx.fillStyle = colour;
  const width = Math.max(box.x(end) - box.x(begin), box.scale);
  ctx.fillRect(box.x(begin), box.top, width, box.height);
  return width;
}

function hatch(ctx, box, begin, width, colour) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(begin, box.top, width, box.height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = box.scale;
  ctx.beginPath();
  for (let x = begin - box.height; x < begin + width; x += 7 * box.scale) {
    ctx.moveTo(x, box.bottom);
    ctx.lineTo(x + box.height, box.top);
  }
  ctx.stroke();
  ctx.restore();
}

// Below everything: when it was paused, and when nobody reported.
export function drawSpans(u, { course, now, ink }) {
  clipped(u, (ctx, box) => {
    for (const [begin, end] of course.pauses) {
      const width = band(ctx, box, begin, end ?? Math.max(course.lastAt, now), ink["paused-tint"]);
      hatch(ctx, box, box.x(begin), width, faint(ink["paused-solid"], 0.4));
    }
    for (const [begin, end] of course.gapsUntil(now)) band(ctx, box, begin, end ?? now, ink["surface-sunk"]);
  });
}

// Above the line: the way over each gap, what is expected, layers, marks, and where it is now.
export function drawMore(u, { course, now, ink, isLive, lineInk }) {
  clipped(u, (ctx, box) => {
    drawGapLines(u, ctx, box, course, ink);
    drawExpected(ctx, box, course, now, ink, lineInk);
    drawLayers(ctx, box, course, ink);
    drawMarks(ctx, box, course, ink);
    if (course.run.isActive) drawNow(ctx, box, course, now, ink, isLive, lineInk);
  });
}

function drawGapLines(u, ctx, box, { gaps, columns }, ink) {
  ctx.strokeStyle = ink["ink-3"];
  ctx.lineWidth = 1.5 * box.scale;
  ctx.lineCap = "round";
  ctx.setLineDash([1, 5 * box.scale]);
  for (const [begin, end] of gaps) {
    const ends = [begin, end].map((at) => [box.x(at), box.y(columns.percent[columns.at.indexOf(at)])]);
    path(ctx, ...ends);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

function drawExpected(ctx, box, course, now, ink, lineInk) {
  const expected = course.expectedBy(now);
  if (!expected) return;
  const from = [box.x(course.lastAt), box.y(course.columns.percent.at(-1))];
  const about = expected.spreadSeconds ?? 0;
  if (about) {
    ctx.fillStyle = faint(lineInk, 0.14);
    path(ctx, from, [box.x(Math.max(expected.finish - about, course.lastAt)), box.y(100)], [box.x(expected.finish + about), box.y(100)]);
    ctx.fill();
  }
  ctx.strokeStyle = lineInk;
  ctx.lineWidth = 1.75 * box.scale;
  ctx.setLineDash([5 * box.scale, 5 * box.scale]);
  path(ctx, from, [box.x(expected.finish), box.y(100)]);
  ctx.stroke();
  ctx.setLineDash([]);
  write(ctx, box, box.x(expected.finish), `${clock(expected.finish * 1000, serverNow())}${about ? ` ${spread(about)}` : ""}`, ink);
}

// A few words above the plot, in the middle of `x` where there is room.
function write(ctx, box, x, words, ink) {
  ctx.fillStyle = ink.ink;
  ctx.font = ink.font.replace(/^[\d.]+/, ink.textPx * box.scale);
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  const { width } = ctx.measureText(words);
  ctx.fillText(words, Math.min(x - width / 2, box.right - width), box.top - 3 * box.scale);
}

function drawLayers(ctx, box, { layers }, ink) {
  ctx.strokeStyle = ink["ink-3"];
  ctx.lineWidth = box.scale;
  ctx.beginPath();
  for (const [at] of layers.ticks) {
    ctx.moveTo(box.x(at), box.bottom);
    ctx.lineTo(box.x(at), box.bottom - 6 * box.scale);
  }
  ctx.stroke();
}

function drawMarks(ctx, box, { marks }, ink) {
  ctx.strokeStyle = ctx.fillStyle = ink["failed-solid"];
  ctx.lineWidth = box.scale;
  for (const { at } of marks) {
    const x = box.x(at);
    path(ctx, [x, box.top], [x, box.bottom]);
    ctx.stroke();
    path(ctx, [x, box.top - 10 * box.scale], [x + 6 * box.scale, box.top], [x - 6 * box.scale, box.top]);
    ctx.fill();
  }
}

function drawNow(ctx, box, course, now, ink, isLive, lineInk) {
  ctx.strokeStyle = ink["line-control"];
  ctx.lineWidth = box.scale;
  path(ctx, [box.x(now), box.top], [box.x(now), box.bottom]);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(box.x(course.lastAt), box.y(course.columns.percent.at(-1)), 4.5 * box.scale, 0, 2 * Math.PI);
  ctx.fillStyle = isLive ? lineInk : ink.surface;
  ctx.fill();
  ctx.strokeStyle = lineInk;
  ctx.lineWidth = 2.5 * box.scale;
  ctx.stroke();
}
