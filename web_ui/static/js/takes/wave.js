// The waveform of a take, large: a tap goes there, its marks stand on it, and two handles trim it. One slider for the keyboard.

import { colours, FONT } from "../base/canvas.js";
import { el } from "../base/dom.js";
import { t } from "../base/texts.js";
import { clock } from "./facts.js";
import { drawOutline } from "./outline.js";

const STEP_S = 5;
const LEAST_TRIM_S = 0.1;

export class Wave extends EventTarget {
  // Events: "seek" (detail: seconds), "trim" (detail: [from, to], while a handle moves).
  #shown = { seconds: 1, at: 0, marks: [], loop: null, trim: [0, 1], trimming: false };
  #pairs = null;
  #colour = "signal";
  #wide = 0;

  constructor(label) {
    super();
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.head = el("i", { class: "wave-head" });
    this.handles = ["from", "to"].map((which, side) => this.#handle(which, side));
    this.slot = el("div", { class: "wave-slot", role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "0" }, this.canvas, this.head);
    this.node = el("div", { class: "wave" }, this.slot, ...this.handles);
    this.slot.addEventListener("click", (event) => this.#seek(this.#secondsAt(event.clientX)));
    this.slot.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => {
      if (this.canvas.clientWidth !== this.#wide) this.draw();
    }).observe(this.slot);
  }

  picture(pairs, colour) {
    // int8 low, high; null while there is none.
    [this.#pairs, this.#colour] = [pairs, colour];
    this.draw();
  }

  show(what) {
    // Any of: seconds, at, marks ([seconds, name]), loop ({from, to}), trim ([from, to]), trimming.
    const before = this.#shown;
    this.#shown = { ...before, ...what };
    const { seconds, at, trim, trimming } = this.#shown;
    this.head.style.insetInlineStart = `${(100 * at) / seconds}%`;
    const said = t("takes.at", { at: clock(at), of: clock(seconds) });
    if (this.slot.getAttribute("aria-valuetext") !== said) {
      this.slot.setAttribute("aria-valuemax", seconds.toFixed(1));
      this.slot.setAttribute("aria-valuenow", at.toFixed(1));
      this.slot.setAttribute("aria-valuetext", said);
    }
    if (Object.keys(what).some((name) => name !== "at")) {
      this.handles.forEach((handle, side) => {
        handle.hidden = !trimming;
        handle.style.insetInlineStart = `${(100 * trim[side]) / seconds}%`;
        handle.setAttribute("aria-valuemax", seconds.toFixed(1));
        handle.setAttribute("aria-valuenow", trim[side].toFixed(1));
        handle.setAttribute("aria-valuetext", clock(trim[side], 1));
      });
      this.draw();
    }
  }

  draw() {
    if (!this.canvas.isConnected || !this.canvas.clientWidth) return;
    this.#wide = this.canvas.clientWidth;
    const colour = colours();
    drawOutline(this.canvas, this.#pairs, colour[this.#colour]);
    const context = this.canvas.getContext("2d");
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    const { seconds, marks, loop, trim } = this.#shown;
    const x = (s) => (s / seconds) * width;
    context.fillStyle = colour.plot;
    context.globalAlpha = 0.7;
    context.fillRect(0, 0, x(trim[0]), height);
    context.fillRect(x(trim[1]), 0, width, height);
    context.globalAlpha = 0.25;
    context.fillStyle = colour.warm;
    if (loop) context.fillRect(x(loop.from), 0, x(loop.to) - x(loop.from), height);
    context.globalAlpha = 1;
    context.font = FONT;
    let free = 0; // names that would lie over another are left out: the list below has them all
    for (const [at, name] of marks) {
      context.fillStyle = colour.warm;
      context.fillRect(x(at) - 0.5, 0, 1.5, height);
      const long = context.measureText(name).width;
      if (x(at) + 4 < free || x(at) + 4 + long > width) continue;
      context.fillStyle = colour.text;
      context.fillText(name, x(at) + 4, 13);
      free = x(at) + 12 + long;
    }
  }

  #secondsAt(clientX) {
    const { left, width } = this.slot.getBoundingClientRect();
    return (Math.min(Math.max(clientX - left, 0), width) / width) * this.#shown.seconds;
  }

  #seek(to) {
    this.dispatchEvent(new CustomEvent("seek", { detail: to }));
  }

  #key(event) {
    const { at, seconds } = this.#shown;
    const to = { ArrowRight: at + STEP_S, ArrowUp: at + STEP_S, ArrowLeft: at - STEP_S, ArrowDown: at - STEP_S, Home: 0, End: seconds }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#seek(to);
  }

  #handle(which, side) {
    const node = el("div", { class: `wave-handle ${which}`, role: "slider", tabindex: "0", hidden: true, "aria-label": t(`takes.trim.${which}`), "aria-valuemin": "0" });
    const move = (seconds) => {
      const { trim, seconds: whole } = this.#shown;
      const to = [...trim];
      to[side] = side ? Math.min(Math.max(seconds, trim[0] + LEAST_TRIM_S), whole) : Math.max(Math.min(seconds, trim[1] - LEAST_TRIM_S), 0);
      this.show({ trim: to });
      this.dispatchEvent(new CustomEvent("trim", { detail: to }));
    };
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
    });
    node.addEventListener("pointermove", (event) => node.hasPointerCapture(event.pointerId) && move(this.#secondsAt(event.clientX)));
    node.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(this.#shown.trim[side] + by);
    });
    return node;
  }
}
