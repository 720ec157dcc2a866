// Before and after: one player, two recordings of the same moment; switching keeps the place.

import { getBlob } from "./api.js";
import { byId, el, setText } from "./dom.js";

const SIDES = [["before", "Before"], ["after", "After"]];

export class Listen {
  #audio = new Audio();
  #urls = {};
  #side = "after";
  #seeking = false;

  constructor() {
    const choice = byId("take-choice");
    for (const [side, name] of SIDES) {
      const input = el("input", { type: "radio", name: "take", value: side, checked: side === this.#side });
      input.addEventListener("change", () => this.#hear(side));
      choice.append(el("label", {}, input, el("span", {}, name)));
    }
    byId("fetch-take").addEventListener("click", () => this.#fetch());
    byId("play").addEventListener("click", () => (this.#audio.paused ? this.#audio.play().catch(() => {}) : this.#audio.pause()));
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

  async #fetch() {
    const button = byId("fetch-take");
    button.disabled = true;
    setText(button, "Fetching\u2026");
    // One name for both, so that both are of one moment. Not crypto.randomUUID: that needs a secure context.
    const take = Date.now().toString(36) + Math.random().toString(36).slice(2, 8);
    try {
      const blobs = [];
      for (const [side] of SIDES) blobs.push(await getBlob(`listen/${side}.wav?take=${take}`));
      this.#audio.pause();
      Object.values(this.#urls).forEach((url) => URL.revokeObjectURL(url));
      SIDES.forEach(([side], i) => (this.#urls[side] = URL.createObjectURL(blobs[i])));
      this.#audio.src = this.#urls[this.#side];
      byId("player").hidden = false;
      setText(byId("listen-lead"), "Switch while it plays: both are of the same moment.");
      setText(button, "Fetch again");
    } catch (error) {
      setText(byId("listen-lead"), error.message);
      setText(button, "Fetch the last seconds");
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
    byId("play").classList.toggle("playing", !paused);
    byId("play").setAttribute("aria-label", paused ? "Play" : "Pause");
    if (Number.isFinite(duration)) seek.max = duration;
    if (!this.#seeking) seek.value = currentTime;
    seek.style.setProperty("--from", -1);
    seek.style.setProperty("--to", Number.isFinite(duration) && duration > 0 ? currentTime / duration : 0);
    const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
    setText(byId("time"), Number.isFinite(duration) ? `${clock(currentTime)} / ${clock(duration)}` : clock(currentTime));
  }
}
