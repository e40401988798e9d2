// The chart on the page of a job: reads the course of its run, draws it, and goes on with it as events come.
import { serverNow } from "./clock.js";
import { clock } from "./display.js";
import { Course, expectedOf, pointOfJob, pointOfPrinter } from "./chart-course.js";
import { moved } from "./chart-cursor.js";
import { inks, onOtherInks } from "./chart-inks.js";
import { writeLegend } from "./chart-legend.js";
import { Plots } from "./chart-plots.js";
import { words } from "./chart-words.js";

const GATHER_MS = 200;
const LOOK_EVERY_MS = 10_000;

const FRAME = `
  <p class="chart-reading" data-reading></p>
  <div class="chart-plot" data-plot tabindex="0" role="group" aria-roledescription="chart"></div>
  <p class="sr-only" data-spoken aria-live="polite"></p>
  <ul class="chart-legend" data-legend aria-label="Legend"></ul>`;

const now = () => serverNow() / 1000;

class Chart {
  #at = null;
  #course = null;
  #plots = null;
  #planned = null;
  #drawing = null;
  #lookedAt = 0;
  #live = { state: document.body.dataset.live, since: null };

  constructor(fragment, place) {
    this.place = place;
    this.job = fragment.dataset.job;
    this.source = fragment.dataset.chart;
    this.run = fragment.dataset.run;
    this.read();
  }

  // Asks for the whole course anew, soon; several reasons in a row are one request.
  plan(delay = GATHER_MS) {
    this.#planned ??= setTimeout(() => this.read(), delay);
  }

  async read() {
    clearTimeout(this.#planned);
    this.#planned = null;
    const { source } = this;
    try {
      const response = await fetch(source, { headers: { Accept: "application/json" }, redirect: "error" });
      if (response.status === 404) return; // Gone, or not printed: the page learns of it by itself.
      if (!response.ok) throw new Error(`${response.status}`);
      const sent = await response.json();
      if (source === this.source) this.#take(new Course(sent));
    } catch {
      if (this.#live.state !== "ended") this.plan(1000 + Math.random() * 4000);
    }
  }

  // The fragment around the chart is another: perhaps it is that of another run.
  follow({ dataset }) {
    if (dataset.chart === this.source && dataset.run === this.run) return;
    [this.source, this.run] = [dataset.chart, dataset.run];
    this.#at = null;
    this.read();
  }

  hear(point, event) {
    if (!this.#course || point === null) return;
    if (!this.#course.add(point)) {
      if (this.#course.run.isActive) this.plan();
      return;
    }
    if (event) this.#course.expected = expectedOf(event);
    this.#draw();
  }

  hearPrinter(event) {
    const { run } = this.#course ?? {};
    if (run?.printer === event.serial && run.id === event.runId) this.hear(pointOfPrinter(event));
  }

  setLive(state, silentMs) {
    this.#live = { state, since: serverNow() - (silentMs ?? 0) };
    this.#draw();
  }

  // Time passes although nobody reports: the chart shows that too.
  look() {
    if (!this.#course?.run.isActive || serverNow() - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = serverNow();
    this.#draw();
  }

  recolour() {
    if (this.#course) this.#build();
  }

  #take(course) {
    if (course.size === 0) return this.#forget();
    const fits = this.#plots && Boolean(this.#plots.temperatures) === course.hasTemperatures;
    this.#course = course;
    if (fits) this.#draw();
    else this.#build();
  }

  #forget() {
    this.#plots?.destroy();
    this.#plots = this.#course = null;
    this.place.replaceChildren();
  }

  #build() {
    this.#plots?.destroy();
    if (!this.place.firstElementChild) this.#frame();
    this.ink = inks(this.place);
    this.#plots = new Plots(this.part("plot"), () => this.#view(), (at) => this.#point(at));
    this.#draw();
  }

  #frame() {
    this.place.innerHTML = FRAME;
    const plot = this.part("plot");
    plot.addEventListener("keydown", (event) => {
      const at = moved(event.key, this.#at, this.#course.columns.at[0], this.#course.lastAt);
      if (at === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.#point(at, true);
    });
    plot.addEventListener("blur", () => this.#point(null));
  }

  part(name) {
    return this.place.querySelector(`[data-${name}]`);
  }

  get #isLost() {
    return this.#course.run.isActive && ["lost", "ended"].includes(this.#live.state);
  }

  #view() {
    const isLost = this.#isLost;
    const lineInk = this.ink[isLost ? "quiet-solid" : "printing-solid"];
    return { course: this.#course, now: now(), ink: this.ink, isLost, isLive: this.#live.state === "live", lineInk };
  }

  #point(at, isSpoken = false) {
    this.#at = at;
    this.#plots.point(at);
    const said = this.#say();
    if (isSpoken) this.part("spoken").textContent = at === null ? "" : said.join(", ");
  }

  #say() {
    const course = this.#course;
    const said = words(course.read(this.#at ?? course.lastAt, now()));
    const parts = said.map((word, index) => {
      const part = document.createElement(index === 1 ? "strong" : "span");
      part.textContent = word;
      return part;
    });
    if (this.#isLost) {
      const lost = document.createElement("span");
      lost.className = "chart-lost";
      lost.textContent = `Not live since ${clock(this.#live.since, serverNow())}`;
      parts.push(lost);
    }
    this.part("reading").replaceChildren(...parts.flatMap((part) => [part, " "]));
    return said;
  }

  // Drawn once a frame, however much has happened.
  #draw() {
    this.#drawing ??= requestAnimationFrame(() => {
      this.#drawing = null;
      if (!this.#plots) return;
      if (this.#course.hasTemperatures !== Boolean(this.#plots.temperatures)) return this.#build();
      const { number } = this.#course.run;
      this.part("plot").setAttribute("aria-label", `Percent over time of run ${number}. Arrow keys read its values.`);
      this.place.dataset.points = this.#course.size;
      this.place.dataset.until = this.#course.lastAt;
      this.place.toggleAttribute("data-lost", this.#isLost);
      this.#plots.update();
      this.#plots.point(this.#at);
      writeLegend(this.part("legend"), this.#course, now());
      this.#say();
    });
  }
}

let chart = null;

function find() {
  const fragment = document.querySelector("[data-chart]");
  const place = fragment?.querySelector(".chart-drawn");
  if (!place) chart = null;
  else if (chart?.place === place) chart.follow(fragment);
  else chart = new Chart(fragment, place);
  // A morph leaves what somebody chose as it is; the chart may be that of another run since.
  const choice = fragment?.querySelector("select");
  if (choice) choice.value = fragment.dataset.run;
}

const on = (type, hear) => document.body.addEventListener(type, ({ detail }) => chart && hear(detail));
const isOurs = (event) => event.id === chart.job;

on("pf:progress", (event) => isOurs(event) && chart.hear(pointOfJob(event), event));
on("pf:job", (event) => isOurs(event) && chart.plan());
on("pf:printer", (event) => chart.hearPrinter(event));
on("pf:reset", () => chart.plan());
on("pf:status", ({ state, silentMs }) => chart.setLive(state, silentMs));
on("pf:tick", () => chart.look());
onOtherInks(() => chart?.recolour());
document.body.addEventListener("htmx:afterSettle", find);
// The table comes with the page, and moves with it when the job's state does: whoever opens it gets it as of now.
document.body.addEventListener(
  "toggle",
  ({ target }) => target.open && target.matches("[data-chart] details") && htmx.trigger(target.closest("[data-chart]"), "pf:refetch"),
  true,
);
find();
