// A try-out: one sound through two models, equally loud. Switching between them keeps the position.

import { getBlob } from "../api.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const TURNS = ["first", "second"];

export class TryOut {
  node = el("div", { class: "try-out" });
  #audio = new Audio();
  #urls = [];
  #turn = 1; // the new one first

  constructor() {
    this.key = el("button", { class: "play", type: "button" }, el("span", { class: "play-shape", "aria-hidden": "true" }));
    this.key.addEventListener("click", () => (this.#audio.paused ? this.#audio.play().catch(() => {}) : this.#audio.pause()));
    this.seek = el("input", { class: "seek", type: "range", min: 0, max: 1, step: 0.01, value: 0, "aria-label": t("look.takes.position") });
    this.seek.addEventListener("input", () => { this.#audio.currentTime = Number(this.seek.value); });
    this.choice = el("div", { class: "choice", role: "radiogroup", "aria-label": t("models.try.which") });
    this.words = el("p", { class: "help" });
    this.node.append(el("div", { class: "player" }, this.key, this.choice, this.seek), this.words);
    for (const name of ["play", "pause", "ended", "timeupdate", "loadedmetadata", "seeked"]) {
      this.#audio.addEventListener(name, () => this.#draw());
    }
    this.#draw();
  }

  async load({ models, gain_db: gains }) {
    // models: their names, as the box has tried them. May throw what getBlob throws.
    const blobs = [];
    for (const turn of TURNS) blobs.push(await getBlob(`models/tried/${turn}.wav`));
    this.stop();
    this.#urls = blobs.map((blob) => URL.createObjectURL(blob));
    this.choice.replaceChildren(...models.map((name, i) => {
      const input = el("input", { type: "radio", name: "try-out", value: String(i), checked: i === this.#turn });
      input.addEventListener("change", () => this.#hear(i));
      return el("label", {}, input, el("span", {}, name));
    }));
    const down = gains.findIndex((gain) => gain < -0.05);
    setText(this.words, down < 0 ? t("models.try.equal") : t("models.try.matched", { name: models[down], by: number(-gains[down], 1) }));
    this.#audio.src = this.#urls[this.#turn];
    this.#audio.play().catch(() => {}); // some phones want a finger on the key first
  }

  pause() {
    this.#audio.pause();
  }

  stop() {
    this.#audio.pause();
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#urls = [];
    this.#turn = 1;
  }

  #hear(turn) {
    this.#turn = turn;
    const { currentTime, paused, ended } = this.#audio;
    this.#audio.src = this.#urls[turn];
    this.#audio.currentTime = ended ? 0 : currentTime;
    if (!paused) this.#audio.play().catch(() => {});
  }

  #draw() {
    const { paused, currentTime, duration } = this.#audio;
    this.key.classList.toggle("playing", !paused);
    this.key.setAttribute("aria-label", t(paused ? "look.play" : "look.pause"));
    if (Number.isFinite(duration)) this.seek.max = duration;
    this.seek.value = currentTime;
    this.seek.style.setProperty("--from", -1);
    this.seek.style.setProperty("--to", duration > 0 ? currentTime / duration : 0);
  }
}
