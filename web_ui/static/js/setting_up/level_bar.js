// One input's level while it is checked: a bar, the highest peak so far, and where a voice should peak.

import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const FLOOR_DB = -60;
export const ZONE_DB = [-18, -6]; // where the loudest singing should peak
const HOLD_MS = 3000;

const place = (db) => Math.min(Math.max(1 - db / FLOOR_DB, 0), 1);

export class LevelBar {
  highest = -120;
  #at = 0;

  constructor({ zone = false } = {}) {
    this.fill = el("div", { class: "bar-fill" });
    this.peak = el("div", { class: "bar-peak", hidden: true });
    this.number = el("span", { class: "meter-number" }, "–");
    const marks = zone ? [el("div", { class: "bar-zone" })] : [];
    this.track = el("div", { class: zone ? "bar tall" : "bar" }, ...marks, this.fill, this.peak);
    if (zone) {
      marks[0].style.left = `${100 * place(ZONE_DB[0])}%`;
      marks[0].style.right = `${100 - 100 * place(ZONE_DB[1])}%`;
    }
    this.node = el("span", { class: "level" }, this.track, this.number);
  }

  show(db) {
    const now = performance.now();
    if (db >= this.highest || now - this.#at > HOLD_MS) {
      this.highest = db;
      this.#at = now;
    }
    this.fill.style.clipPath = `inset(0 ${(100 - 100 * place(db)).toFixed(2)}% 0 0)`;
    this.peak.style.left = `${(100 * place(this.highest)).toFixed(2)}%`;
    this.peak.hidden = this.highest <= FLOOR_DB;
    this.track.classList.toggle("clipped", this.highest >= -0.1);
    setText(this.number, this.highest <= FLOOR_DB ? t("audio.quiet") : number(this.highest, 0));
  }
}
