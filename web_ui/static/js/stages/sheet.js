// A stage's sheet: its switch and settings, what it does now and did over the last minute, hear it alone, and its place.

import { choice, slider, toggle } from "../base/controls.js";
import { opened } from "../base/dialog.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { onLongPress } from "../base/press.js";
import { either, t } from "../base/texts.js";
import { setStage, stageName } from "../sound/chain_row.js";
import { compressorParts, LevelBar } from "./curves.js";
import { Eq, isBand } from "./eq.js";

const UNKNOWN = "\u2013";
const SHOW_MS = 100; // numbers that change more often cannot be read
const ROOM = ["gate", "hum", "low_cut"]; // what learning the room sets
const DETAILS = { declip: "share", low_cut: "hz", hum: "hz", feedback: "hz", deess: "hz", gate: "dbfs" };

export function openStage(box, stages, name, { menu, room }) {
  // menu(node, view): gives a control its long press. room(): opens the sheet that learns the room.
  return new StageSheet(box, stages, name, menu, room);
}

class StageSheet {
  #shownAt = 0;

  constructor(box, stages, name, menu, room) {
    this.stages = stages;
    this.name = name;
    this.params = box.params.scope();
    this.light = el("span", { class: "stage-says" });
    this.now = el("dd", {}, UNKNOWN);
    this.minute = el("dd", {}, UNKNOWN);
    this.detail = el("dd", {}, UNKNOWN);
    this.says = el("p", { class: "notice stage-warns", hidden: true });
    this.bar = new LevelBar();
    this.alone = el("button", { class: "plain stage-alone", type: "button" });
    this.alone.addEventListener("click", () => stages.hear(name));
    const done = el("button", { class: "plain", type: "button" }, t("play.health.done"));
    const figure = (what, value) => el("div", {}, el("dt", {}, t(`stages.${what}`)), value);
    const figures = [figure("now", this.now), figure("minute", this.minute)];
    if (name in DETAILS) figures.push(figure(`detail.${name}`, this.detail));
    this.settings = el("fieldset", { class: "stage-settings", disabled: !stages.may(name) }, ...this.#settings(box, menu, room));
    this.node = opened(stageName(name), el("div", { class: "stage-sheet" },
      el("p", { class: "lead" }, either(`stages.about.${name}`, "")), this.says,
      el("div", { class: "stage-head" }, this.light, this.bar.node), el("dl", { class: "figures" }, ...figures),
      ...(stages.may(name) ? [] : [el("p", { class: "help" }, t("stages.look_only"))]),
      this.settings, el("div", { class: "sheet-buttons dialog-buttons stage-end" }, this.alone, done)));
    this.node.classList.add("tall");
    done.addEventListener("click", () => this.node.close());
    this.#ended = [() => this.params.end(), ...this.#ended];
    const mark = () => this.#markAlone();
    stages.addEventListener("changed", mark);
    this.#ended.push(() => stages.removeEventListener("changed", mark));
    this.node.addEventListener("close", () => this.#ended.forEach((end) => end()));
    mark();
    this.show(true);
  }

  #ended = [];

  get open() {
    return this.node.isConnected;
  }

  show(anew = false) {
    const now = performance.now();
    if (!anew && now - this.#shownAt < SHOW_MS) return;
    this.#shownAt = now;
    const stage = this.stages.told(this.name);
    setStage(this.light, stage);
    this.bar.show(stage?.on ? stage.change_db : 0);
    const db = (value) => (stage ? t("play.meter.db", { number: number(value, 1, true) }) : UNKNOWN);
    setText(this.now, db(stage?.change_db));
    setText(this.minute, db(stage?.minute_db));
    setText(this.detail, stage?.detail ? t(`stages.${DETAILS[this.name]}`, { number: number(stage.detail, stage.detail < 100 ? 1 : 0) }) : UNKNOWN);
    setText(this.says, stage?.says ?? "");
    this.says.hidden = !stage?.says;
    this.part?.show?.(stage);
  }

  forget() {
    this.show(true);
    this.part?.forget?.();
  }

  #settings(box, menu, room) {
    const { name, stages, params } = this;
    const offer = (node, view) => {
      menu(node, view);
      return node;
    };
    const parts = [];
    const on = params.view(`${name}.on`);
    if (on) {
      const key = el("button", { class: "plain stage-switch", type: "button" });
      toggle(params, on, key, (now) => setText(key, t(now ? "stages.switch.off" : "stages.switch.on")));
      key.setAttribute("aria-label", on.label);
      parts.push(offer(key, on));
    }
    let views = stages.views(name).filter((view) => view !== on && !view.id.endsWith(".place") && view.id !== "denoise.listen");
    if (name === "eq") {
      this.part = new Eq(box, params, views.filter(isBand), offer);
      this.#ended.push(() => this.part.stop());
      views = views.filter((view) => !isBand(view));
    } else if (name === "compressor") {
      this.part = compressorParts(params);
    }
    if (this.part) parts.push(this.part.node);
    for (const view of views) parts.push(offer((view.choices.length ? choice : slider)(params, view, { within: "stage" }), view));
    if (ROOM.includes(name)) {
      const key = el("button", { class: "plain", type: "button", "data-needs": "engineer" }, t("stages.room.open"));
      key.addEventListener("click", () => {
        this.node.close();
        room();
      });
      parts.push(key);
    }
    parts.push(this.#place());
    return parts;
  }

  #place() {
    const { name, params, stages } = this;
    const place = params.view(`${name}.place`);
    if (!place) return el("p", { class: "help stage-place" }, either(`stages.fixed.${name}`, ""));
    // Two that are neighbours change their numbers; equal numbers are told apart first.
    const movable = () => stages.now.map((stage) => stage.name).filter((other) => params.view(`${other}.place`));
    const move = (by) => {
      const order = movable();
      const at = order.indexOf(name);
      if (at < 0 || !order[at + by]) return;
      [order[at], order[at + by]] = [order[at + by], order[at]];
      order.forEach((other, i) => {
        const view = params.view(`${other}.place`);
        if (params.value(view.id) !== view.low + i) params.set(view.id, view.low + i);
      });
    };
    const keys = [["earlier", -1], ["later", 1]].map(([words, by]) => {
      const key = el("button", { class: "plain", type: "button" }, t(`stages.${words}`));
      key.addEventListener("click", () => move(by));
      return key;
    });
    const words = el("p", { class: "help", role: "status" });
    params.watch(place.id, () => setTimeout(() => {
      const order = movable();
      setText(words, t("stages.order", { order: order.map(stageName).join(" \u2192 ") }));
      keys[0].disabled = order[0] === name;
      keys[1].disabled = order.at(-1) === name;
    }, 150)); // the order comes with the next status
    return el("div", { class: "stage-place" }, el("div", { class: "dialog-buttons" }, ...keys), words);
  }

  #markAlone() {
    const { alone, name } = { alone: this.stages.alone, name: this.name };
    this.alone.hidden = !this.stages.canHear(name);
    this.alone.disabled = !this.stages.entry.offers("engineer");
    this.alone.classList.toggle("on", alone === name);
    this.alone.setAttribute("aria-pressed", String(alone === name));
    setText(this.alone, t(alone === name ? "stages.hear.all" : "stages.hear.alone"));
  }
}
