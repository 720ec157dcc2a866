// The spectrum before and after, and its spectrogram: 20 pictures a second, requested only while the view is in front.

import { getStream, Unreachable } from "../api.js";
import { colours, fit } from "../base/canvas.js";

const BANDS = 96; // of before, then as many of after; a byte b is -b/2 dBFS
const [LOW_HZ, HIGH_HZ] = [40, 20000];
const FLOOR_DB = -100;
const COLUMNS = 400; // 20 seconds
const RETRY_MS = 1000;
const HERTZ = [[100, "100"], [1000, "1k"], [10000, "10k"]];
const DECIBELS = [-20, -40, -60, -80];

const across = (hz) => Math.log(hz / LOW_HZ) / Math.log(HIGH_HZ / LOW_HZ);
const up = (byte) => Math.min(Math.max(byte / (-2 * FLOOR_DB), 0), 1); // 0 at 0 dBFS, 1 at the floor

// From black over green to white, in even steps of lightness, so that a quiet line is as visible as a loud one.
const HEAT = Array.from({ length: 256 }, (_, byte) => {
  const level = 1 - up(byte);
  const stops = [[0, 8, 10, 12], [0.25, 16, 46, 52], [0.5, 28, 120, 96], [0.72, 127, 210, 140], [0.88, 242, 200, 110], [1, 255, 250, 240]];
  const at = Math.max(stops.findIndex(([place]) => place >= level), 1);
  const [[from, ...a], [to, ...b]] = [stops[at - 1], stops[at]];
  const share = (level - from) / (to - from);
  return a.map((value, i) => Math.round(value + share * (b[i] - value)));
});

export class Spectrum {
  #curve;
  #fall;
  #memory = document.createElement("canvas"); // a ring of columns, one picture each
  #column = 0;
  #picture = null;
  #stop = null;
  #frame = 0;
  which = "after"; // what the spectrogram shows

  constructor(curve, fall, says) {
    // curve, fall: canvases. says(text): why there is no picture; "" when there is one.
    this.#curve = curve;
    this.#fall = fall;
    this.says = says;
    [this.#memory.width, this.#memory.height] = [COLUMNS, BANDS];
    this.#clear();
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
    this.#picture = null;
    this.#clear();
    this.#draw();
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
      if (whole && !this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
    }
  }

  #take(picture) {
    this.#picture = picture;
    const heard = this.which === "after" ? BANDS : 0;
    const context = this.#memory.getContext("2d");
    const column = context.createImageData(1, BANDS);
    for (let band = 0; band < BANDS; band++) {
      column.data.set([...HEAT[picture[heard + band]], 255], 4 * (BANDS - 1 - band));
    }
    context.putImageData(column, this.#column, 0);
    this.#column = (this.#column + 1) % COLUMNS;
  }

  #clear() {
    const context = this.#memory.getContext("2d");
    context.fillStyle = `rgb(${HEAT[255].join(" ")})`;
    context.fillRect(0, 0, COLUMNS, BANDS);
  }

  #draw() {
    this.#frame = 0;
    if (!this.#curve.isConnected || !this.#curve.offsetWidth) return;
    const colour = colours();
    this.#drawCurves(colour);
    this.#drawFall();
  }

  #drawCurves(colour) {
    const { context, width, height } = fit(this.#curve);
    context.clearRect(0, 0, width, height);
    grid(context, width, height, colour);
    if (!this.#picture) return;
    const line = (from) => Array.from({ length: BANDS }, (_, band) => [(band / (BANDS - 1)) * width, up(this.#picture[from + band]) * height]);
    const [before, after] = [line(0), line(BANDS)];
    fill(context, [...before, ...after.toReversed()], colour.warm, 0.4); // what is removed
    fill(context, [...after, [width, height], [0, height]], colour.signal, 0.28);
    stroke(context, before, colour.warm, 1.25);
    stroke(context, after, colour.signal, 2);
  }

  #drawFall() {
    const { context, width, height } = fit(this.#fall);
    context.imageSmoothingEnabled = true;
    const older = COLUMNS - this.#column;
    const wide = width / COLUMNS;
    context.drawImage(this.#memory, this.#column, 0, older, BANDS, 0, 0, older * wide, height);
    if (this.#column) context.drawImage(this.#memory, 0, 0, this.#column, BANDS, older * wide, 0, this.#column * wide, height);
    context.fillStyle = "#ffffffb0";
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (const [hz, words] of HERTZ) context.fillText(words, 6, (1 - across(hz)) * height);
  }
}

function grid(context, width, height, colour) {
  context.strokeStyle = colour.line;
  context.fillStyle = colour.soft;
  context.lineWidth = 1;
  context.font = "12px system-ui, sans-serif";
  context.beginPath();
  for (const [hz] of HERTZ) {
    const x = Math.round(across(hz) * width) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  for (const db of DECIBELS) {
    const y = Math.round((db / FLOOR_DB) * height) + 0.5;
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  context.stroke();
  context.textBaseline = "bottom";
  for (const [hz, words] of HERTZ) context.fillText(words, across(hz) * width + 4, height - 3);
  context.textBaseline = "top";
  context.textAlign = "right";
  for (const db of DECIBELS) context.fillText(`\u2212${-db}`, width - 4, (db / FLOOR_DB) * height + 2);
  context.textAlign = "left";
}

function path(context, points) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
}

function fill(context, points, colour, alpha) {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  path(context, points);
  context.fill();
  context.globalAlpha = 1;
}

function stroke(context, points, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  path(context, points);
  context.stroke();
}
