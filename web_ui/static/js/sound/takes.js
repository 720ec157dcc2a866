// Before and after: one player for two recordings of the same moment. Switching keeps the position.

import { getBlob } from "../api.js";
import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

const SIDES = ["before", "after"];

export class Takes {
  #audio = new Audio();
  #urls = {};
  #side = "after";
  #seeking = false;

  constructor() {
    const choice = byId("take-choice");
    for (const side of SIDES) {
      const input = el("input", { type: "radio", name: "take", value: side, checked: side === this.#side });
      input.addEventListener("change", () => this.#hear(side));
      choice.append(el("label", {}, input, el("span", {}, t(`look.${side}`))));
    }
    byId("fetch-take").addEventListener("click", () => this.#fetch());
    byId("take-play").addEventListener("click", () => (this.#audio.paused ? this.#audio.play().catch(() => {}) : this.#audio.pause()));
    const seek = byId("seek");
    seek.addEventListener("input", () => {
      this.#seeking = true;
      this.#audio.currentTime = Number(seek.value);
    });
    seek.addEventListener("change", () => (this.#seeking = false));
    for (const name of ["play", "pause", "ended", "timeupdate", "loadedmetadata", "seeked"]) {
      this.#audio.addEventListener(name, () => this.#draw());
    }
  }

  pause() {
    this.#audio.pause();
  }

  async #fetch() {
    const button = byId("fetch-take");
    button.disabled = true;
    setText(button, t("look.takes.fetching"));
    // One name for both, so that both are of the same moment. Not crypto.randomUUID: that needs a secure context.
    const take = Date.now().toString(36) + Math.random().toString(36).slice(2, 8);
    try {
      const blobs = [];
      for (const side of SIDES) blobs.push(await getBlob(`listen/${side}.wav?take=${take}`));
      this.#audio.pause();
      Object.values(this.#urls).forEach((url) => URL.revokeObjectURL(url));
      SIDES.forEach((side, i) => (this.#urls[side] = URL.createObjectURL(blobs[i])));
      this.#audio.src = this.#urls[this.#side];
      byId("player").hidden = false;
      setText(byId("listen-lead"), t("look.takes.switch"));
      setText(button, t("look.takes.again"));
    } catch (error) {
      setText(byId("listen-lead"), error.message);
      setText(button, t("look.takes.fetch"));
    }
    button.disabled = false;
  }

  #hear(side) {
    this.#side = side;
    const { currentTime, paused, ended } = this.#audio;
    this.#audio.src = this.#urls[side];
    this.#audio.currentTime = ended ? 0 : currentTime;
    if (!paused && !ended) this.#audio.play().catch(() => {});
  }

  #draw() {
    const { paused, currentTime, duration } = this.#audio;
    const seek = byId("seek");
    byId("take-play").classList.toggle("playing", !paused);
    byId("take-play").setAttribute("aria-label", t(paused ? "look.play" : "look.pause"));
    if (Number.isFinite(duration)) seek.max = duration;
    if (!this.#seeking) seek.value = currentTime;
    seek.style.setProperty("--from", -1);
    seek.style.setProperty("--to", Number.isFinite(duration) && duration > 0 ? currentTime / duration : 0);
    const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
    setText(byId("time"), Number.isFinite(duration) ? `${clock(currentTime)} / ${clock(duration)}` : clock(currentTime));
  }
}
