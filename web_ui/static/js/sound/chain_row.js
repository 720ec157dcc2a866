// The chain as a row of stages, each with a light and a small meter. A tap opens a stage's sheet; a long press switches it; a
// swipe upwards plays what it takes away, alone.

import { byId, el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { onLongPress } from "../base/press.js";
import { either, t } from "../base/texts.js";

const FULL_DB = 24; // of a small meter
const WORKS_DB = 0.5; // a smaller change is none that anybody would hear
const SWIPE_PX = 28;
const SAY_MS = 1000; // how often the words for a screen reader follow a meter

export const stageName = (name) => either(`stages.name.${name}`, name);
export const stageState = (stage) => (!stage.on ? "off" : Math.abs(stage.change_db) >= WORKS_DB ? "works" : "on");

export class ChainRow {
  // open(name): a stage's sheet; "room": the one that learns the room.
  #tiles = new Map(); // name -> {node, bar}
  #shape = "";
  #saidAt = 0;

  constructor(stages, open) {
    this.stages = stages;
    this.open = open;
    this.node = byId("stages");
    this.row = el("div", { class: "stage-row", role: "group", "aria-label": t("stages.chain"), "aria-describedby": "stages-help" });
    this.room = el("button", { class: "stage stage-room", type: "button", "data-needs": "engineer" }, el("span", { class: "stage-plus", "aria-hidden": "true" }), el("span", { class: "stage-name" }, t("stages.room")));
    this.room.addEventListener("click", () => open("room"));
    this.node.append(this.row, el("p", { class: "help hidden-help", id: "stages-help" }, t("stages.help")));
    stages.addEventListener("changed", () => this.#mark());
  }

  show(told) {
    const shape = told.map(({ name }) => name).join();
    if (shape !== this.#shape) this.#draw(told, shape);
    for (const stage of told) {
      const { node, bar } = this.#tiles.get(stage.name);
      node.dataset.state = stageState(stage);
      const share = Math.min(Math.abs(stage.change_db) / FULL_DB, 1);
      bar.style.setProperty("--share", stage.on ? share.toFixed(3) : 0);
      bar.classList.toggle("adds", stage.change_db > 0);
    }
    const now = performance.now();
    if (now - this.#saidAt < SAY_MS) return;
    this.#saidAt = now;
    for (const stage of told) this.#tiles.get(stage.name).node.setAttribute("aria-label", this.#words(stage));
  }

  forget() {
    for (const { node, bar } of this.#tiles.values()) {
      node.dataset.state = "unknown";
      bar.style.setProperty("--share", 0);
    }
  }

  #draw(told, shape) {
    this.#shape = shape;
    this.#saidAt = 0;
    this.node.hidden = !told.length;
    this.#tiles.clear();
    this.row.replaceChildren(...told.map(({ name }) => this.#tile(name)), this.room);
    this.#mark();
  }

  #tile(name) {
    const bar = el("span", { class: "stage-bar", "aria-hidden": "true" });
    const node = el("button", { class: "stage", type: "button", id: `stage-${name}`, "aria-haspopup": "dialog" },
      el("span", { class: "stage-light", "aria-hidden": "true" }), el("span", { class: "stage-name" }, stageName(name)), bar);
    onLongPress(node, () => this.stages.toggle(name));
    onSwipeUp(node, () => this.stages.hear(name));
    node.addEventListener("click", () => this.open(name));
    this.#tiles.set(name, { node, bar });
    return node;
  }

  #mark() {
    for (const [name, { node }] of this.#tiles) node.classList.toggle("alone", this.stages.alone === name);
  }

  #words(stage) {
    const parts = [stageName(stage.name), t(`stages.state.${stageState(stage)}`)];
    if (stage.on) parts.push(t("play.meter.db", { number: number(stage.change_db, 0, true) }));
    if (this.stages.alone === stage.name) parts.push(t("stages.alone"));
    return parts.join(", ");
  }
}

function onSwipeUp(node, then) {
  // Its style lets a finger scroll the row sideways; what moves upwards comes here, and is no tap.
  let from = null;
  let done = false;
  node.addEventListener("pointerdown", (event) => {
    from = event.button ? null : event;
    done = false;
  });
  node.addEventListener("pointermove", (event) => {
    if (!from || done) return;
    const up = from.clientY - event.clientY;
    if (up < SWIPE_PX || up < Math.abs(event.clientX - from.clientX)) return;
    done = true;
    then();
  });
  for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, () => (from = null));
  node.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && !event.buttons && (from = null));
  node.addEventListener("click", (event) => {
    if (!done || !event.detail) return;
    done = false;
    event.stopImmediatePropagation();
  }, true);
  node.addEventListener("dragstart", (event) => event.preventDefault());
}

export function setStage(node, stage) {
  // The light of a stage's sheet.
  node.dataset.state = stage ? stageState(stage) : "unknown";
  setText(node, stage ? t(`stages.state.${stageState(stage)}`) : "\u2013");
}
