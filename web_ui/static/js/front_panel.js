// The simulated front panel: what is pressed and turned here drives the box's mock pins, and only through them the box.

import { post, Refusal } from "./api.js";
import { el, setText, svg } from "./dom.js";
import { t } from "./texts.js";

const SWEEP = 270; // degrees from one stop to the other
const DRAG_PX = 220; // for the whole sweep

class Footswitch {
  constructor(pin, fail) {
    this.cap = el("button", { class: "stomp", type: "button", "aria-pressed": "false", "aria-label": `${pin.label}, ${pin.does}` });
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, this.cap), caption(pin));
    this.down = false;
    const press = (down) => {
      if (down === this.down || (down && this.cap.disabled)) return;
      this.down = down;
      this.draw(down);
      post(`panel/${encodeURIComponent(pin.name)}/press`, { pressed: down }).catch(fail);
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
    if (!this.down) this.draw(pin.position >= 0.5);
  }

  forget() {
    this.down = false;
    this.draw(false);
    this.cap.disabled = true;
  }
}

class Knob {
  constructor(pin, fail, params) {
    this.pin = pin;
    this.fail = fail;
    this.pointer = svg("g", {}, svg("circle", { class: "knob-cap", cx: 60, cy: 60, r: 36 }), svg("line", { class: "knob-line", x1: 60, y1: 28, x2: 60, y2: 44 }));
    this.mark = svg("path", { class: "knob-mark", d: "M60 12 l-4.500 -8 h9 z" });
    const ticks = svg("g", { class: "knob-ticks" });
    for (let i = 0; i <= 10; i++) {
      ticks.append(svg("line", { x1: 60, y1: 14, x2: 60, y2: i % 5 ? 18 : 20, transform: `rotate(${-SWEEP / 2 + (i * SWEEP) / 10} 60 60)` }));
    }
    const dial = svg("svg", { viewBox: "0 0 120 120", "aria-hidden": "true" }, ticks, this.pointer, this.mark);
    this.dial = el("div", {
      class: "knob", tabindex: "0", role: "slider", "aria-valuemin": "0", "aria-valuemax": "100",
      "aria-label": `${pin.label}, ${pin.does}`,
    }, dial);
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, this.dial), caption(pin));
    this.at = null;
    this.mark.style.display = "none";
    if (pin.param && params.view(pin.param)) {
      const { low, high } = params.view(pin.param);
      params.watch(pin.param, (value) => {
        this.mark.style.display = value === null ? "none" : "";
        if (value !== null) this.mark.style.transform = turn((value - low) / (high - low));
      });
    }
    this.#listen();
  }

  #listen() {
    let from = null;
    this.dial.addEventListener("pointerdown", (event) => {
      if (this.at === null) return;
      this.dial.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY, at: this.at };
      this.held = true;
    });
    this.dial.addEventListener("pointermove", (event) => {
      if (from) this.#turn(from.at + (event.clientX - from.x + from.y - event.clientY) / DRAG_PX);
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
        await post(`panel/${encodeURIComponent(this.pin.name)}/turn`, { position });
      } catch (error) {
        this.fail(error);
      }
    }
    this.sending = false;
  }

  #draw(at) {
    this.at = at;
    this.pointer.style.transform = turn(at);
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

class Encoder {
  // Two halves to tap: a click to the left, a click to the right.
  constructor(pin, fail) {
    const click = (detents, sign, words) => {
      const button = el("button", { class: "plain click", type: "button", "aria-label": `${pin.label}, a click ${words}` }, sign);
      button.addEventListener("click", () => post(`panel/${encodeURIComponent(pin.name)}/step`, { detents }).catch(fail));
      return button;
    };
    this.buttons = [click(-1, "\u2212", "left"), click(1, "+", "right")];
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, el("div", { class: "clicks" }, ...this.buttons)), caption(pin));
  }

  show() {
    for (const button of this.buttons) button.disabled = false;
  }

  forget() {
    for (const button of this.buttons) button.disabled = true;
  }
}

class Led {
  constructor(pin) {
    this.lamp = el("div", { class: "lamp" });
    this.colours = pin.kind === "rgb";
    this.words = el("span", { class: "hidden-help", role: "status" });
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, this.lamp, this.words), caption(pin));
    this.label = pin.label;
  }

  show(pin) {
    this.lamp.style.setProperty("--lit", pin.position);
    if (this.colours) this.lamp.style.setProperty("--signal", `rgb(${pin.levels.map((level) => Math.round(255 * level)).join(" ")})`);
    setText(this.words, `${this.label} LED is ${pin.position > 0 ? "lit" : "dark"}`);
  }

  forget() {
    this.lamp.style.setProperty("--lit", 0);
    setText(this.words, "");
  }
}

class Meter {
  constructor(pin) {
    this.lamps = pin.levels.map(() => el("div", { class: "lamp small-lamp" }));
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, el("div", { class: "lamps" }, ...this.lamps)), caption(pin));
  }

  show(pin) {
    this.lamps.forEach((lamp, i) => lamp.style.setProperty("--lit", pin.levels[i] ?? 0));
  }

  forget() {
    for (const lamp of this.lamps) lamp.style.setProperty("--lit", 0);
  }
}

const turn = (at) => `rotate(${(at - 0.5) * SWEEP}deg)`;

const caption = (pin) => el("figcaption", {}, el("strong", {}, pin.label), el("span", {}, pin.does));

export class FrontPanel {
  #parts = new Map();
  #names = "";

  constructor(params, say, card) {
    // card: where it is drawn, see views/setup.js
    this.params = params;
    this.card = card;
    this.face = el("div", { class: "panel-face", id: "panel-face" });
    card.body.append(el("p", { class: "lead" }, t("setup.front.lead")), this.face);
    this.fail = (error) => error instanceof Refusal && say(error.message);
  }

  show(pins) {
    this.card.hidden(pins.length === 0);
    const names = pins.map((pin) => `${pin.kind} ${pin.name} ${pin.does}`).join("\n");
    if (names !== this.#names) this.#build(pins);
    this.#names = names;
    for (const pin of pins) this.#parts.get(pin.name)?.show(pin);
  }

  rebuild() {
    // The parameters' ranges are known only now.
    this.#names = "";
  }

  forget() {
    for (const part of this.#parts.values()) part.forget();
  }

  #build(pins) {
    const kinds = { switch: Footswitch, knob: Knob, encoder: Encoder, led: Led, rgb: Led, meter: Meter };
    this.#parts = new Map(pins.map((pin) => [pin.name, new kinds[pin.kind](pin, this.fail, this.params)]));
    const row = (...of) => el("div", { class: "panel-row" }, ...of.flatMap(
      (kind) => pins.filter((pin) => pin.kind === kind).map((pin) => this.#parts.get(pin.name).node)));
    this.face.replaceChildren(row("led", "rgb", "meter", "knob", "encoder"), row("switch")); // lamps and knobs away from the feet
  }
}
