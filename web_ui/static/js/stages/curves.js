// What a stage does, drawn: a bar from the middle, and a compressor's curve.

import { el, svg } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const FULL_DB = 24;
const FLOOR_DB = -60;
const SIDE = 120;

export class LevelBar {
  // Taken away to the left of the middle, added to the right.
  constructor() {
    this.fill = el("span", { class: "change-fill" });
    this.node = el("div", { class: "change-bar", "aria-hidden": "true" }, this.fill);
  }

  show(db) {
    const share = Math.min(Math.abs(db) / FULL_DB, 1) / 2;
    this.fill.style.setProperty("--from", db < 0 ? (0.5 - share).toFixed(3) : 0.5);
    this.fill.style.setProperty("--to", db < 0 ? 0.5 : (0.5 + share).toFixed(3));
    this.fill.classList.toggle("adds", db > 0);
  }
}

export function compressorParts(params) {
  // {node, show(stage)}: the curve from level in to level out, and where it is now.
  const curve = svg("path", { class: "curve-line" });
  const now = svg("circle", { class: "curve-now", r: 5 });
  const read = (name) => params.value(`compressor.${name}`);
  const place = (db) => (SIDE * (db - FLOOR_DB)) / -FLOOR_DB;
  const out = (db) => {
    const [threshold, ratio] = [read("threshold_db") ?? 0, read("ratio") ?? 1];
    const knee = Math.max(read("knee_db") ?? 0, 0.01);
    const over = db - threshold;
    const less = 1 - 1 / ratio;
    if (2 * over < -knee) return db;
    return db - (2 * Math.abs(over) <= knee ? (less * (over + knee / 2) ** 2) / (2 * knee) : less * over);
  };
  const draw = () => {
    const points = Array.from({ length: 61 }, (_, i) => FLOOR_DB - (FLOOR_DB * i) / 60);
    curve.setAttribute("d", points.map((db, i) => `${i ? "L" : "M"}${place(db).toFixed(1)} ${(SIDE - place(out(db))).toFixed(1)}`).join(""));
  };
  for (const name of ["threshold_db", "ratio", "knee_db"]) if (params.view(`compressor.${name}`)) params.watch(`compressor.${name}`, draw);
  const label = el("span", { class: "help" });
  const node = el("div", { class: "curve" },
    svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", "aria-label": t("stages.curve") },
      svg("path", { class: "curve-even", d: `M0 ${SIDE}L${SIDE} 0` }), curve, now), label);
  return {
    node,
    show(stage) {
      // The level that is turned down by so much.
      const down = stage?.on ? -Math.min(stage.change_db, 0) : 0;
      now.style.display = down > 0.1 ? "" : "none";
      let db = FLOOR_DB;
      while (db < 0 && db - out(db) < down) db += 0.5;
      now.setAttribute("cx", place(db));
      now.setAttribute("cy", SIDE - place(out(db)));
      label.textContent = t("stages.reduction", { number: number(-down, 1) });
    },
  };
}
