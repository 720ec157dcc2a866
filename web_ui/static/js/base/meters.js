// Level meters: the bar is RMS, the line is the peak of the last second, the number is the peak in dBFS.

import { byId, el, setText } from "./dom.js";
import { number } from "./format.js";
import { t } from "./texts.js";

const FLOOR_DB = -60;
const CLIP_DB = -0.1;
const MOST_TAKEN_DB = 40;
const PEAK_HOLD_MS = 1000;
const CLIP_HOLD_MS = 15000; // or until it is tapped
const MARKS = [-60, -40, -20, -10, 0];

const place = (db) => Math.min(Math.max(1 - db / FLOOR_DB, 0), 1);

class Bar {
  constructor(name) {
    this.fill = el("div", { class: "bar-fill" });
    this.peak = el("div", { class: "bar-peak" });
    this.number = el("span", { class: "meter-number" }, "\u2013");
    this.clip = el("div", { class: "bar-clip" }, t("play.meter.clip"));
    this.track = el("div", { class: "bar" }, this.fill, this.peak, this.clip);
    this.row = [el("span", { class: "meter-name" }, name), this.track, this.number];
    this.reset();
  }

  reset() {
    this.held = -120;
    this.heldAt = 0;
    this.clippedAt = -Infinity;
    this.draw(0, 0, "\u2013", false);
  }

  level({ peak_db, rms_db }, now) {
    if (peak_db >= this.held || now - this.heldAt > PEAK_HOLD_MS) {
      this.held = peak_db;
      this.heldAt = now;
    }
    if (peak_db >= CLIP_DB) this.clippedAt = now;
    const clip = now - this.clippedAt < CLIP_HOLD_MS;
    const text = this.held <= FLOOR_DB ? t("play.meter.quiet") : number(this.held, 0);
    this.draw(place(rms_db), place(this.held), text, clip);
  }

  draw(to, peak, text, clip) {
    this.fill.style.clipPath = `inset(0 ${(100 - 100 * to).toFixed(2)}% 0 0)`;
    this.peak.style.left = `${(100 * peak).toFixed(2)}%`;
    this.peak.hidden = peak <= 0;
    this.track.classList.toggle("clipped", clip);
    setText(this.number, text);
  }
}

class Taken {
  // How much the denoiser removes, on a scale of its own: it grows from the right, as on a compressor, a mark every 10 dB.
  constructor() {
    this.fill = el("div", { class: "bar-fill taken" });
    this.number = el("span", { class: "meter-number" }, "\u2013");
    this.row = [el("span", { class: "meter-name taken-part" }, t("play.meter.removed")), el("div", { class: "bar taken-bar taken-part" }, this.fill), this.number];
    this.number.classList.add("taken-part");
    this.reset();
  }

  reset() {
    this.draw(0, "\u2013");
  }

  level(db) {
    this.draw(Math.min(db / MOST_TAKEN_DB, 1), t("play.meter.db", { number: number(-db, 0) }));
  }

  draw(share, text) {
    this.fill.style.clipPath = `inset(0 0 0 ${(100 - 100 * share).toFixed(2)}%)`;
    setText(this.number, text);
  }
}

export class Meters {
  #root = byId("meters");
  #shape = "";
  #inputs = [];
  #outputs = [];
  #taken = new Taken();

  constructor() {
    this.#build(1, 1);
  }

  show(status, bypassed) {
    const shape = `${status.inputs.length} ${status.outputs.length}`;
    if (shape !== this.#shape && status.inputs.length) this.#build(status.inputs.length, status.outputs.length);
    if (!status.audio_alive || !status.inputs.length) return this.forget();
    const now = performance.now();
    status.inputs.forEach((level, i) => this.#inputs[i]?.level(level, now));
    status.outputs.forEach((level, i) => this.#outputs[i]?.level(level, now));
    this.#taken.level(bypassed ? 0 : status.reduction_db); // the model runs on in bypass, but nobody hears it
  }

  forget() {
    for (const bar of [...this.#inputs, ...this.#outputs, this.#taken]) bar.reset();
  }

  #build(inputs, outputs) {
    this.#shape = `${inputs} ${outputs}`;
    const bars = (name, count) => Array.from({ length: count }, (_, i) => new Bar(count > 1 ? `${name} ${i + 1}` : name));
    this.#inputs = bars(t("play.meter.in"), inputs);
    this.#outputs = bars(t("play.meter.out"), outputs);
    const scale = el("div", { class: "meter-scale" });
    for (const db of MARKS) {
      const mark = el("span", {}, number(db, 0));
      mark.style.left = `${100 * place(db)}%`;
      scale.append(mark);
    }
    const rows = [...this.#inputs, ...this.#outputs].flatMap((bar) => bar.row);
    const grid = el("div", { class: "meter-grid", "aria-hidden": "true" }, ...rows, el("span", { class: "scale-gap" }), scale, el("span", { class: "meter-unit" }, "dBFS"), ...this.#taken.row);
    grid.addEventListener("click", () => [...this.#inputs, ...this.#outputs].forEach((bar) => bar.reset()));
    this.#root.replaceChildren(grid);
  }
}
