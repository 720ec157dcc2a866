// The controls of the simulated front panel: switches, knobs, pedals, encoders. Each part: {node, show(pin), forget()}.

import { post } from "../api.js";
import { el, setText, svg } from "../base/dom.js";
import { t } from "../base/texts.js";

const SWEEP = 270; // degrees from one stop to the other
const DRAG_PX = 220; // for the whole sweep
const PEDAL_PX = 110; // from heel to toe
const TILT = 44; // degrees between them

export const caption = (pin) => el("figcaption", {}, el("strong", {}, pin.label), el("span", {}, pin.does));

const tell = (pin, verb, body) => post(`panel/${encodeURIComponent(pin.name)}/${verb}`, body);

export class Footswitch {
  // A latching switch stays in its position: each touch flips it.
  constructor(pin, fail) {
    this.pin = pin;
    this.cap = el("button", { class: pin.latching ? "stomp latching" : "stomp", type: "button", "aria-pressed": "false", "aria-label": `${pin.label}, ${pin.does}` });
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, this.cap), caption(pin));
    this.down = false;
    this.closed = false;
    let last = Promise.resolve(); // in order: a release must not overtake its press
    const contact = (pressed) => {
      this.closed = pressed;
      this.draw(pressed);
      last = last.then(() => tell(pin, "press", { pressed })).catch(fail);
    };
    const press = (down) => {
      if (down === this.down || (down && this.cap.disabled)) return;
      this.down = down;
      if (!pin.latching) contact(down);
      else if (down) contact(!this.closed);
    };
    this.cap.addEventListener("pointerdown", (event) => {
      this.cap.setPointerCapture(event.pointerId);
      press(true);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
      this.cap.addEventListener(name, () => press(false));
    }
    this.cap.addEventListener("contextmenu", (event) => event.preventDefault());
    this.cap.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        if (!event.repeat) press(true);
      }
    });
    this.cap.addEventListener("keyup", (event) => (event.key === " " || event.key === "Enter") && press(false));
  }

  draw(down) {
    this.cap.classList.toggle("down", down);
    this.cap.setAttribute("aria-pressed", String(down));
  }

  show(pin) {
    this.cap.disabled = false;
    if (this.down) return;
    this.closed = pin.position >= 0.5;
    this.draw(this.closed);
  }

  forget() {
    this.down = false;
    this.draw(false);
    this.cap.disabled = true;
  }
}

class Turned {
  // Something with a position 0 to 1: dragged, scrolled or moved by keys.
  constructor(pin, fail, node, px, sideways) {
    this.pin = pin;
    this.fail = fail;
    this.dial = node;
    this.at = null;
    this.wanted = null;
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, this.dial), caption(pin));
    this.#listen(px, sideways);
  }

  #listen(px, sideways) {
    let from = null;
    this.dial.addEventListener("pointerdown", (event) => {
      if (this.at === null) return;
      this.dial.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY, at: this.at };
      this.held = true;
    });
    this.dial.addEventListener("pointermove", (event) => {
      if (from) this.#turn(from.at + (sideways * (event.clientX - from.x) + from.y - event.clientY) / px);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      this.dial.addEventListener(name, () => {
        from = null;
        this.held = false;
      });
    }
    this.dial.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#turn(this.at - Math.sign(event.deltaY) * 0.02);
    }, { passive: false });
    this.dial.addEventListener("keydown", (event) => {
      const moves = { ArrowUp: 0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowLeft: -0.02, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      this.#turn(this.at + moves[event.key]);
    });
  }

  #turn(at) {
    if (this.at === null) return;
    this.#draw(Math.min(Math.max(at, 0), 1));
    this.wanted = this.at;
    if (!this.sending) this.#send();
  }

  async #send() {
    this.sending = true;
    while (this.wanted !== null) {
      const position = this.wanted;
      this.wanted = null;
      try {
        await tell(this.pin, "turn", { position });
      } catch (error) {
        this.fail(error);
      }
    }
    this.sending = false;
  }

  #draw(at) {
    this.at = at;
    this.draw(at);
    this.dial.setAttribute("aria-valuenow", String(Math.round(100 * at)));
  }

  show(pin) {
    this.dial.classList.remove("unknown");
    if (!this.held && !this.sending) this.#draw(pin.position);
  }

  forget() {
    this.at = null;
    this.held = false;
    this.wanted = null;
    this.dial.classList.add("unknown");
  }
}

const slider = (pin, kind, ...parts) => el("div", {
  class: kind, tabindex: "0", role: "slider", "aria-valuemin": "0", "aria-valuemax": "100", "aria-label": `${pin.label}, ${pin.does}`,
}, ...parts);

const turn = (at) => `rotate(${(at - 0.5) * SWEEP}deg)`;

export class Knob extends Turned {
  constructor(pin, fail, params) {
    const pointer = svg("g", {}, svg("circle", { class: "knob-cap", cx: 60, cy: 60, r: 36 }), svg("line", { class: "knob-line", x1: 60, y1: 28, x2: 60, y2: 44 }));
    const mark = svg("path", { class: "knob-mark", d: "M60 12 l-4.500 -8 h9 z" });
    const ticks = svg("g", { class: "knob-ticks" });
    for (let i = 0; i <= 10; i++) {
      ticks.append(svg("line", { x1: 60, y1: 14, x2: 60, y2: i % 5 ? 18 : 20, transform: `rotate(${-SWEEP / 2 + (i * SWEEP) / 10} 60 60)` }));
    }
    const dial = svg("svg", { viewBox: "0 0 120 120", "aria-hidden": "true" }, ticks, pointer, mark);
    super(pin, fail, slider(pin, "knob", dial), DRAG_PX, 1);
    this.pointer = pointer;
    mark.style.display = "none";
    if (pin.param && params.view(pin.param)) {
      const { low, high } = params.view(pin.param);
      params.watch(pin.param, (value) => {
        mark.style.display = value === null ? "none" : "";
        if (value !== null) mark.style.transform = turn((value - low) / (high - low));
      });
    }
  }

  draw(at) {
    this.pointer.style.transform = turn(at);
  }
}

export class Pedal extends Turned {
  // An expression pedal seen from above: the toe is up.
  constructor(pin, fail) {
    const tread = el("div", { class: "tread" }, el("span", {}, t("setup.front.toe")), el("span", {}, t("setup.front.heel")));
    super(pin, fail, slider(pin, "pedal", tread), PEDAL_PX, 0);
    this.tread = tread;
  }

  draw(at) {
    this.tread.style.transform = `perspective(240px) rotateX(${(0.5 - at) * TILT}deg)`;
    this.tread.style.setProperty("--at", at);
  }
}

class Clicks {
  // Two halves to tap: a click down, a click up. steps: [[detents, sign, words], ...]
  constructor(pin, fail, steps, ...between) {
    const [down, up] = steps.map(([detents, sign, words]) => {
      const button = el("button", { class: "plain click", type: "button", "aria-label": `${pin.label}, ${words}` }, sign);
      button.addEventListener("click", () => tell(pin, "step", { detents }).catch(fail));
      return button;
    });
    this.buttons = [down, up];
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, el("div", { class: "clicks" }, down, ...between, up)), caption(pin));
  }

  show() {
    for (const button of this.buttons) button.disabled = false;
  }

  forget() {
    for (const button of this.buttons) button.disabled = true;
  }
}

export class Encoder extends Clicks {
  constructor(pin, fail) {
    super(pin, fail, [[-1, "\u2212", t("setup.front.click_left")], [1, "+", t("setup.front.click_right")]]);
  }
}

export class Program extends Clicks {
  // MIDI program changes, as a pedal board sends them; counted from 1, as it prints them.
  constructor(pin, fail) {
    const number = el("output", { class: "program" }, "1");
    super(pin, fail, [[-1, "\u2212", t("setup.front.program_before")], [1, "+", t("setup.front.program_after")]], number);
    this.number = number;
  }

  show(pin) {
    super.show();
    setText(this.number, String(Math.round(127 * pin.position) + 1));
  }
}
