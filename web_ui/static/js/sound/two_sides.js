// A player for two recordings of the same moment. Switching between them keeps the position.

import { setText } from "../base/dom.js";
import { t } from "../base/texts.js";

export class TwoSides {
  #audio = new Audio();
  #urls = [];
  #seeking = false;

  constructor({ key, seek, time = null }) {
    // key: plays and pauses; seek: a slider in seconds; time: where the position is written.
    this.parts = { key, seek, time };
    key.addEventListener("click", () => (this.#audio.paused ? this.play() : this.pause()));
    seek.addEventListener("input", () => {
      this.#seeking = true;
      this.#audio.currentTime = Number(seek.value);
    });
    seek.addEventListener("change", () => { this.#seeking = false; });
    for (const name of ["play", "pause", "ended", "timeupdate", "loadedmetadata", "seeked"]) {
      this.#audio.addEventListener(name, () => this.#draw());
    }
    this.#draw();
  }

  load(blobs, side) {
    // Two recordings, and which of them comes first.
    this.forget();
    this.#urls = blobs.map((blob) => URL.createObjectURL(blob));
    this.#audio.src = this.#urls[side];
  }

  forget() {
    this.pause();
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#urls = [];
  }

  play() {
    this.#audio.play().catch(() => {}); // some phones want a finger on the key first
  }

  pause() {
    this.#audio.pause();
  }

  hear(side) {
    const { currentTime, paused, ended } = this.#audio;
    this.#audio.src = this.#urls[side];
    this.#audio.currentTime = ended ? 0 : currentTime;
    if (!paused && !ended) this.play();
  }

  #draw() {
    const { paused, currentTime, duration } = this.#audio;
    const { key, seek, time } = this.parts;
    key.classList.toggle("playing", !paused);
    key.setAttribute("aria-label", t(paused ? "look.play" : "look.pause"));
    if (Number.isFinite(duration)) seek.max = duration;
    if (!this.#seeking) seek.value = currentTime;
    seek.style.setProperty("--from", -1);
    seek.style.setProperty("--to", duration > 0 ? currentTime / duration : 0);
    if (time) setText(time, Number.isFinite(duration) ? `${clock(currentTime)} / ${clock(duration)}` : clock(currentTime));
  }
}

const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
