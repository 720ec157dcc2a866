// A try-out: one sound through two models, equally loud.

import { getBlob } from "../api.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";
import { TwoSides } from "../sound/two_sides.js";

const TURNS = ["first", "second"];
const NEW = 1; // the model that is tried comes first

export class TryOut {
  node = el("div", { class: "try-out" });
  #player;

  constructor() {
    const key = el("button", { class: "play", type: "button" }, el("span", { class: "play-shape", "aria-hidden": "true" }));
    const seek = el("input", { class: "seek", type: "range", min: 0, max: 1, step: 0.01, value: 0, "aria-label": t("look.takes.position") });
    this.#player = new TwoSides({ key, seek });
    this.choice = el("div", { class: "choice", role: "radiogroup", "aria-label": t("models.try.which") });
    this.words = el("p", { class: "help" });
    this.node.append(el("div", { class: "player" }, key, this.choice, seek), this.words);
  }

  async load({ models, gain_db: gains }) {
    // models: their names, as the box has tried them. May throw what getBlob throws.
    const blobs = [];
    for (const turn of TURNS) blobs.push(await getBlob(`models/tried/${turn}.wav`));
    this.#player.load(blobs, NEW);
    this.choice.replaceChildren(...models.map((name, i) => {
      const input = el("input", { type: "radio", name: "try-out", value: String(i), checked: i === NEW });
      input.addEventListener("change", () => this.#player.hear(i));
      return el("label", {}, input, el("span", {}, name));
    }));
    const down = gains.findIndex((gain) => gain < -0.05);
    setText(this.words, down < 0 ? t("models.try.equal") : t("models.try.matched", { name: models[down], by: number(-gains[down], 1) }));
    this.#player.play();
  }

  pause() {
    this.#player.pause();
  }

  stop() {
    this.#player.forget();
  }
}
