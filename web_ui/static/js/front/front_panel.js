// The simulated front panel: presses and turns drive the box's mock pins, and the box only through them.

import { Refusal } from "../api.js";
import { el } from "../base/dom.js";
import { Encoder, Footswitch, Knob, Pedal, Program } from "./panel_hands.js";
import { Led, Meter, Relay } from "./panel_lamps.js";
import { t } from "../base/texts.js";

const KINDS = { switch: Footswitch, knob: Knob, pedal: Pedal, encoder: Encoder, program: Program, led: Led, rgb: Led, meter: Meter, relay: Relay };

export class FrontPanel {
  #parts = new Map();
  #names = "";

  constructor(params, say, card) {
    // card: where it is drawn (views/setup.js)
    this.params = params;
    this.card = card;
    this.face = el("div", { class: "panel-face", id: "panel-face" });
    card.body.append(el("p", { class: "lead" }, t("setup.front.lead")), this.face);
    this.fail = (error) => error instanceof Refusal && say(error.message);
  }

  show(pins) {
    this.card.hidden(pins.length === 0);
    const names = pins.map((pin) => [pin.kind, pin.name, pin.latching, pin.levels.length, pin.kind === "relay" || pin.does].join(" ")).join("\n");
    if (names !== this.#names) this.#build(pins);
    this.#names = names;
    for (const pin of pins) this.#parts.get(pin.name)?.show(pin);
  }

  rebuild() {
    // Only now are the parameters' ranges known.
    this.#names = "";
  }

  forget() {
    for (const part of this.#parts.values()) part.forget();
  }

  #build(pins) {
    this.#parts = new Map(pins.map((pin) => [pin.name, new KINDS[pin.kind](pin, this.fail, this.params)]));
    const row = (more, ...of) => el("div", { class: `panel-row ${more}`.trim() }, ...of.flatMap(
      (kind) => pins.filter((pin) => pin.kind === kind).map((pin) => this.#parts.get(pin.name).node)));
    // Lamps and knobs go to the top, away from the feet.
    this.face.replaceChildren(row("lamp-row", "led", "rgb", "meter", "relay"), row("", "knob", "encoder", "program"), row("", "pedal", "switch"));
  }
}
