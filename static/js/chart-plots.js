// The plots of a course: percent over time, and below it the temperatures when the printer tells them.
import { drawMore, drawSpans } from "./chart-drawing.js";
import { faint } from "./chart-inks.js";
import { axisTimes } from "./chart-words.js";

const PERCENT_PX = 240;
const PERCENT_PX_KIOSK = 190;
const TEMPERATURES_PX = 110;
const AXIS_PX = 46;
const HALF_A_TIME_PX = 22;

// Draws into `place`; `view()` returns { course, now, ink, isLive, lineInk } whenever something is drawn, and `onCursor`
// is called with the time to which somebody points, or null.
export class Plots {
  constructor(place, view, onCursor) {
    this.view = view;
    this.onCursor = onCursor;
    this.place = place;
    const { course } = view();
    this.percent = this.#plot(this.#percentOptions(), course.series(["percent"]));
    this.temperatures = course.hasTemperatures ? this.#plot(this.#temperatureOptions(), course.series(["nozzleC", "bedC"])) : null;
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(place);
  }

  get all() {
    return [this.percent, this.temperatures].filter(Boolean);
  }

  // Draws what the course is by now.
  update() {
    const { course } = this.view();
    this.percent.setData(course.series(["percent"]));
    this.temperatures?.setData(course.series(["nozzleC", "bedC"]));
  }

  resize() {
    const { clientWidth } = this.place;
    if (!clientWidth || clientWidth === this.percent.width) return;
    for (const plot of this.all) plot.setSize({ width: clientWidth, height: plot.height });
  }

  // Puts the line of the cursor at a time; null takes it away.
  point(at) {
    for (const plot of this.all) plot.setCursor(at === null ? { left: -10, top: -10 } : { left: plot.valToPos(at, "x"), top: 0 }, false);
  }

  destroy() {
    this.resized.disconnect();
    for (const plot of this.all) plot.destroy();
  }

  #plot(options, data) {
    const plot = new uPlot({ ...this.#shared(), ...options }, data, this.place);
    const { over } = plot;
    over.addEventListener("pointermove", ({ offsetX }) => this.onCursor(plot.posToVal(offsetX, "x")));
    over.addEventListener("pointerdown", ({ offsetX }) => this.onCursor(plot.posToVal(offsetX, "x")));
    over.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && this.onCursor(null));
    return plot;
  }

  #shared() {
    return {
      width: this.place.clientWidth,
      legend: { show: false },
      // Whoever points is told of by `onCursor`, which moves the lines of both plots.
      cursor: { x: true, y: false, points: { show: false }, drag: { x: false, y: false }, bind: { mousemove: () => null, mouseleave: () => null, mouseenter: () => null } },
    };
  }

  #x() {
    return {
      time: true,
      range: () => {
        const { course, now } = this.view();
        const [begin, end] = [course.columns.at[0], course.end(now)];
        return [begin, Math.max(end + (end - begin) / 100, begin + 60)];
      },
    };
  }

  #axis(more) {
    return {
      stroke: () => this.view().ink["ink-3"],
      font: this.view().ink.font,
      ticks: { show: false },
      grid: { stroke: () => this.view().ink.line, width: 1 },
      gap: 4,
      ...more,
    };
  }

  #timeAxis(isShown) {
    const { textPx } = this.view().ink;
    return this.#axis({
      space: 70,
      size: isShown ? () => (this.#isOfDays() ? 2.4 : 1.2) * textPx + 10 : 4,
      lineGap: 1.2,
      grid: { show: false },
      ticks: { show: isShown, stroke: () => this.view().ink["line-control"], width: 1, size: 4 },
      values: isShown ? (_, times, __, ___, step) => axisTimes(times, step) : () => [],
    });
  }

  #isOfDays() {
    const { course, now } = this.view();
    return new Date(course.columns.at[0] * 1000).toDateString() !== new Date(course.end(now) * 1000).toDateString();
  }

  #percentOptions() {
    const isKiosk = matchMedia("(max-width: 63.99rem)").matches;
    return {
      height: isKiosk ? PERCENT_PX_KIOSK : PERCENT_PX,
      padding: [20, HALF_A_TIME_PX, 0, 0],
      scales: { x: this.#x(), y: { range: [0, 100] } },
      axes: [
        this.#timeAxis(true),
        this.#axis({ size: AXIS_PX, splits: () => [0, 25, 50, 75, 100], values: (_, splits) => splits.map((split) => (split === 100 ? "100%" : String(split))) }),
      ],
      series: [
        {},
        { stroke: () => this.view().lineInk, width: 2, fill: () => faint(this.view().lineInk, 0.1), points: { show: false } },
      ],
      hooks: { drawClear: [(u) => drawSpans(u, this.view())], draw: [(u) => drawMore(u, this.view())] },
    };
  }

  #temperatureOptions() {
    const ink = (name) => () => (this.view().isLost ? this.view().ink["quiet-solid"] : this.view().ink[name]);
    return {
      height: TEMPERATURES_PX,
      padding: [8, HALF_A_TIME_PX, 0, 0],
      scales: { x: this.#x(), y: { range: (_, low, high) => [Math.min(0, low), Math.max(50, high * 1.1)] } },
      axes: [this.#timeAxis(false), this.#axis({ size: AXIS_PX, space: 28, values: (_, splits) => splits.map((split) => `${split}°`) })],
      series: [
        {},
        { stroke: ink("warn-solid"), width: 1.5, points: { show: false } },
        { stroke: ink("done-solid"), width: 1.5, dash: [6, 2], points: { show: false } },
      ],
      hooks: { drawClear: [(u) => drawSpans(u, this.view())] },
    };
  }
}
