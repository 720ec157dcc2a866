// The spectrum before and after, and its spectrogram: 20 pictures a second from the box, requested only while somebody looks.
// In between the page moves from one to the next, as often as the screen is drawn, where the phone can.

import { getStream, Unreachable } from "../api.js";
import { colours, FONT, fit } from "../base/canvas.js";
import { Fall } from "./spectrogram.js";

export const BANDS = 96; // of before, then as many of after; a byte b is -b/2 dBFS
export const [LOW_HZ, HIGH_HZ] = [40, 20000];
export const HERTZ = [[100, "100"], [1000, "1k"], [10000, "10k"]];
export const GUTTER = 36; // at the left, for words
const FOOT = 18;
const FLOOR_DB = -100;
const PICTURE_MS = 50;
const SLOW_MS = 8; // a phone that draws for longer gets the box's pictures alone
const RETRY_MS = 1000;
const DECIBELS = [-20, -40, -60, -80];
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export const across = (hz) => Math.log(hz / LOW_HZ) / Math.log(HIGH_HZ / LOW_HZ);
export const up = (byte) => Math.min(Math.max(byte / (-2 * FLOOR_DB), 0), 1); // 0 at 0 dBFS, 1 at the floor

export class Spectrum {
  #curve;
  #fall;
  #from = null; // the picture that is left, and the one that is come to
  #to = null;
  #at = 0;
  #cost = 0; // ms for one drawing, smoothed
  #stop = null;
  #frame = 0;
  over = null; // over(context, plot): what else is drawn, last

  constructor(curve, fall, says) {
    // curve: a canvas; fall: another for the spectrogram, or null. says(text): why there is no picture; "" when there is one.
    this.#curve = curve;
    this.#fall = fall && new Fall(fall);
    this.says = says;
  }

  get which() {
    return this.#fall.which;
  }

  set which(side) {
    this.#fall.which = side;
  }

  start() {
    if (this.#stop) return;
    this.#stop = new AbortController();
    this.#read(this.#stop.signal);
  }

  stop() {
    this.#stop?.abort();
    this.#stop = null;
  }

  forget() {
    this.#from = this.#to = null;
    this.#fall?.forget();
    this.#draw(performance.now());
  }

  redraw() {
    if (!this.#frame) this.#draw(performance.now());
  }

  async #read(signal) {
    while (!signal.aborted) {
      try {
        const body = await getStream("spectrum", signal);
        this.says("");
        await this.#follow(body.getReader());
      } catch (error) {
        if (signal.aborted) return;
        const lost = error instanceof Unreachable || error instanceof TypeError; // the connection reports these
        this.says(lost ? "" : error.message);
      }
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }

  async #follow(reader) {
    const size = 2 * BANDS;
    let rest = new Uint8Array(0);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const bytes = new Uint8Array(rest.length + value.length);
      bytes.set(rest);
      bytes.set(value, rest.length);
      const whole = Math.floor(bytes.length / size);
      for (let i = 0; i < whole; i++) this.#take(bytes.subarray(i * size, (i + 1) * size));
      rest = bytes.slice(whole * size);
      if (whole && !this.#frame) this.#frame = requestAnimationFrame((now) => this.#step(now));
    }
  }

  #take(picture) {
    const now = performance.now();
    this.#from = this.#to ? this.#shown(now) : Float32Array.from(picture);
    this.#to = Float32Array.from(picture);
    this.#at = now;
    this.#fall?.take(picture);
  }

  #share(now) {
    // How far from the last picture to the newest, 0…1.
    if (STILL.matches || this.#cost > SLOW_MS) return 1;
    return Math.min(Math.max((now - this.#at) / PICTURE_MS, 0), 1);
  }

  #shown(now) {
    const share = this.#share(now);
    return this.#to.map((byte, i) => this.#from[i] + share * (byte - this.#from[i]));
  }

  #step(now) {
    this.#frame = 0;
    this.#draw(now);
    if (this.#stop && this.#share(now) < 1 && !document.hidden) this.#frame = requestAnimationFrame((next) => this.#step(next));
  }

  #draw(now) {
    if (!this.#curve.isConnected || !this.#curve.offsetWidth) return;
    const began = performance.now();
    const colour = colours();
    this.#drawCurves(colour, now);
    this.#fall?.draw(colour, this.#to ? this.#share(now) : 1);
    this.#cost += 0.1 * (performance.now() - began - this.#cost);
  }

  #drawCurves(colour, now) {
    const { context, width, height } = fit(this.#curve);
    context.clearRect(0, 0, width, height);
    const plot = { left: GUTTER, width: width - GUTTER, height: height - FOOT };
    grid(context, plot, colour);
    if (!this.#to) return this.over?.(context, plot);
    const picture = this.#shown(now);
    const line = (from) => Array.from({ length: BANDS }, (_, band) => [plot.left + (band / (BANDS - 1)) * plot.width, up(picture[from + band]) * plot.height]);
    const [before, after] = [line(0), line(BANDS)];
    fill(context, [before, after.toReversed()], colour.warm, 0.4); // what is removed
    fill(context, [after, [[width, plot.height]], [[plot.left, plot.height]]], colour.signal, 0.28);
    stroke(context, before, colour.warm, 1.25);
    stroke(context, after, colour.signal, 2);
    return this.over?.(context, plot);
  }
}

export function curveOver(context, plot, levels, colour) {
  // levels: dBFS in each band.
  if (levels.length !== BANDS) return;
  stroke(context, levels.map((db, band) => [plot.left + (band / (BANDS - 1)) * plot.width, up(-2 * db) * plot.height]), colour, 2.5);
}

function grid(context, { left, width, height }, colour) {
  context.fillStyle = colour.plot;
  context.fillRect(left, 0, width, height);
  context.strokeStyle = colour.line;
  context.fillStyle = colour.soft;
  context.lineWidth = 1;
  context.font = FONT;
  context.beginPath();
  for (const [hz] of HERTZ) {
    const x = Math.round(left + across(hz) * width) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  for (const db of DECIBELS) {
    const y = Math.round((db / FLOOR_DB) * height) + 0.5;
    context.moveTo(left, y);
    context.lineTo(left + width, y);
  }
  context.stroke();
  context.textBaseline = "bottom";
  context.textAlign = "center";
  for (const [hz, words] of HERTZ) context.fillText(words, left + across(hz) * width, height + FOOT);
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const db of DECIBELS) context.fillText(`\u2212${-db}`, left - 6, (db / FLOOR_DB) * height);
  context.textAlign = "left";
}

function path(context, runs) {
  // Each run goes through the middle between two of its points, round each point: a line without corners.
  context.beginPath();
  for (const points of runs) {
    context.lineTo(...points[0]);
    for (let i = 1; i + 1 < points.length; i++) {
      const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    context.lineTo(...points.at(-1));
  }
}

function fill(context, runs, colour, alpha) {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  path(context, runs);
  context.fill();
  context.globalAlpha = 1;
}

function stroke(context, points, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  path(context, [points]);
  context.stroke();
}
