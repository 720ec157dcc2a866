// The lights and the relay of the simulated front panel. Each part: {node, show(pin), forget()}.

import { el, setText } from "../base/dom.js";
import { caption } from "./panel_hands.js";
import { t } from "../base/texts.js";

export class Led {
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
    setText(this.words, t(pin.position > 0 ? "setup.front.lit" : "setup.front.dark", { name: this.label }));
  }

  forget() {
    this.lamp.style.setProperty("--lit", 0);
    setText(this.words, "");
  }
}

export class Meter {
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

export class Relay {
  // Held: the sound goes through the box. At rest: the contacts join input and output.
  constructor(pin) {
    this.words = el("strong", {});
    this.box = el("div", { class: "relay" }, el("span", { class: "relay-arm", "aria-hidden": "true" }), this.words);
    this.does = el("span", {});
    this.node = el("figure", { class: "pin" }, el("div", { class: "pin-body" }, this.box), el("figcaption", {}, el("strong", {}, pin.label), this.does));
  }

  show(pin) {
    const held = pin.position >= 0.5;
    this.box.classList.toggle("held", held);
    setText(this.words, t(held ? "setup.front.relay_held" : "setup.front.relay_dry"));
    setText(this.does, pin.does);
  }

  forget() {
    this.box.classList.remove("held");
    setText(this.words, "\u2013");
    setText(this.does, "");
  }
}
