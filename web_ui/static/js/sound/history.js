// The last five minutes: level, what was removed and load, each on a scale of its own, and a lane of what went wrong.

import { get, Refusal } from "../api.js";
import { colours, FONT, fit } from "../base/canvas.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const SECONDS = 300;
const ASK_MS = 1000;
const COLUMNS = ["number", "at_s", "in_peak_db", "out_peak_db", "reduction_db", "load", "load_p99", "xruns", "late_hops", "dry_hops"];
const GAP_S = 1; // a longer gap between two moments: the box sent nothing
const LANES = [
  { name: "look.history.level", low: -60, high: 0, lines: [["in_peak_db", "edge"], ["out_peak_db", "signal"]] },
  { name: "look.history.reduction", low: 0, high: 40, lines: [["reduction_db", "warm"]] },
  { name: "look.history.load", low: 0, high: 1, lines: [["load_p99", "edge"], ["load", "text"]] },
];
const APART = 6; // px between words
const HEAD = 17; // over each lane, for its words
const FOOT = 18; // minutes
const EVENTS = 40; // the lane of what went wrong, with its words

export class History {
  #canvas;
  #says;
  #points = empty();
  #nowS = 0;
  #timer = 0;
  #cursor = null; // 0…1 of the width
  #asking = false;

  constructor(canvas, says) {
    // says(text): what the canvas shows, in words: the sum, or the moment under the finger.
    this.#canvas = canvas;
    this.#says = says;
    const point = (event) => {
      const { left, width } = canvas.getBoundingClientRect();
      this.#cursor = Math.min(Math.max((event.clientX - left) / width, 0), 1);
      this.#draw();
    };
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointermove", (event) => (event.pointerType === "mouse" || event.pressure) && point(event));
    canvas.addEventListener("pointerleave", () => {
      this.#cursor = null;
      this.#draw();
    });
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: -1 / 60, ArrowRight: 1 / 60, Home: -1, End: 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      this.#cursor = Math.min(Math.max((this.#cursor ?? 1) + moves[event.key], 0), 1);
      this.#draw();
    });
    canvas.addEventListener("blur", () => {
      this.#cursor = null;
      this.#draw();
    });
  }

  start() {
    this.#ask();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#ask(), ASK_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }

  forget() {
    this.#points = empty(); // after this it may be another box
    this.#draw();
  }

  async #ask() {
    if (this.#asking || document.hidden) return;
    this.#asking = true;
    try {
      const news = await get(`history?after=${this.#points.number.at(-1) ?? 0}`);
      this.#nowS = news.now_s;
      // A restarted box counts from one again, so it has nothing after our last moment.
      if (!news.number.length && this.#points.at_s.length && news.now_s - this.#points.at_s.at(-1) > 5 * GAP_S) {
        const all = await get("history");
        if ((all.number.at(-1) ?? 0) < this.#points.number.at(-1)) this.#points = empty();
      }
      for (const name of COLUMNS) this.#points[name].push(...news[name]);
      const old = this.#points.at_s.findIndex((at) => at >= news.now_s - SECONDS);
      if (old > 0) for (const name of COLUMNS) this.#points[name].splice(0, old);
      this.#draw();
    } catch (error) {
      if (error instanceof Refusal) this.#says(error.message);
    }
    this.#asking = false;
  }

  #draw() {
    if (!this.#canvas.offsetWidth) return;
    const colour = colours();
    const { context, width, height } = fit(this.#canvas);
    context.clearRect(0, 0, width, height);
    const x = (atS) => (1 - (this.#nowS - atS) / SECONDS) * width;
    const lane = (height - FOOT - EVENTS) / LANES.length;
    context.font = FONT;
    LANES.forEach((what, i) => this.#lane(context, what, i * lane, lane, width, x, colour));
    this.#troubles(context, x, height - FOOT - EVENTS, width, colour);
    minutes(context, width, height, colour);
    this.#said(context, width, height - FOOT, colour);
  }

  #lane(context, { name, low, high, lines }, top, whole, width, x, colour) {
    const from = head(context, t(name), top, width, whole, colour);
    const tall = top + whole - 6 - from;
    const y = (value) => from + (1 - Math.min(Math.max((value - low) / (high - low), 0), 1)) * tall;
    for (const [column, tone] of lines) {
      context.strokeStyle = colour[tone];
      context.lineWidth = 1.5;
      context.beginPath();
      this.#points[column].forEach((value, i) => {
        const gap = !i || this.#points.at_s[i] - this.#points.at_s[i - 1] > GAP_S;
        context[gap ? "moveTo" : "lineTo"](x(this.#points.at_s[i]), y(value));
      });
      context.stroke();
    }
  }

  #troubles(context, x, top, width, colour) {
    const from = head(context, t("look.history.events"), top, width, EVENTS, colour);
    const tall = top + EVENTS - 6 - from;
    for (const [column, tone] of [["dry_hops", "cool"], ["late_hops", "warm"], ["xruns", "alarm"]]) {
      context.fillStyle = colour[tone];
      this.#points[column].forEach((count, i) => count && context.fillRect(x(this.#points.at_s[i]) - 2, from + 2, 4, tall - 4));
    }
  }

  #said(context, width, bottom, colour) {
    const points = this.#points;
    const sum = (column) => points[column].reduce((all, count) => all + count, 0);
    if (!points.at_s.length) return this.#says(t("look.history.none"));
    if (this.#cursor === null) {
      return this.#says(t("look.history.sum", { xruns: sum("xruns"), late: sum("late_hops"), dry: sum("dry_hops") }));
    }
    const atS = this.#nowS - (1 - this.#cursor) * SECONDS;
    let i = points.at_s.findIndex((at) => at >= atS);
    if (i < 0) i = points.at_s.length - 1;
    context.fillStyle = colour.text;
    context.fillRect(this.#cursor * width - 0.5, 0, 1, bottom);
    const ago = Math.max(0, Math.round(this.#nowS - points.at_s[i]));
    const from = Math.max(0, i - 1);
    const near = (column) => points[column].slice(from, i + 2).reduce((all, count) => all + count, 0);
    this.#says(t("look.history.at", {
      ago: `${Math.floor(ago / 60)}:${String(ago % 60).padStart(2, "0")}`,
      in: number(points.in_peak_db[i], 0), out: number(points.out_peak_db[i], 0),
      reduction: number(points.reduction_db[i], 0), load: number(100 * points.load[i], 0), p99: number(100 * points.load_p99[i], 0),
      xruns: near("xruns"), late: near("late_hops"), dry: near("dry_hops"),
    }));
  }
}

function empty() {
  return Object.fromEntries(COLUMNS.map((name) => [name, []]));
}

function head(context, words, top, width, whole, colour) {
  // The words over a lane, and its ground. Returns where the lane begins.
  context.textBaseline = "middle";
  context.fillStyle = colour.soft;
  context.fillText(words, 0, top + HEAD / 2, width); // narrower letters where a language needs more
  context.fillStyle = colour.plot;
  context.fillRect(0, top + HEAD, width, whole - HEAD - 6);
  return top + HEAD;
}

function minutes(context, width, height, colour) {
  context.fillStyle = colour.soft;
  context.textBaseline = "bottom";
  const now = t("look.history.now");
  const last = width - context.measureText(now).width - APART;
  let free = 0; // from here on there are no words yet
  for (let minute = 0; minute < 5; minute++) {
    const words = t("look.history.minutes", { count: 5 - minute });
    const long = context.measureText(words).width;
    const left = minute ? (minute / 5) * width - long / 2 : 0;
    if (left < free || left + long > last) continue;
    context.fillText(words, left, height);
    free = left + long + APART;
  }
  context.textAlign = "right";
  context.fillText(now, width, height);
  context.textAlign = "left";
}
