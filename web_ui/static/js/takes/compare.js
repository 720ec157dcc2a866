// Two takes of a song, lined up in time: one plays, a tap changes to the same place of the other.

import { get } from "../api.js";
import { el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { along } from "./align.js";
import { Deck } from "./deck.js";
import { clock, nameOf } from "./facts.js";
import { heardFirst } from "./list.js";
import { evened } from "./loudness.js";
import { outlineOf } from "./outline.js";
import { Sounds } from "./sounds.js";
import { addressOf } from "./store.js";
import { Wave } from "./wave.js";

const POINTS = 1600;
const AGAIN_MS = 500; // while the box lines them up
const same = (seconds) => seconds;

export class ComparePlayer {
  // node: the element. open(take, other); close().
  #takes = [];
  #ways = [same, same]; // from the first one's seconds to each
  #back = [same, same];
  #outlines = [null, null];
  #frame = 0;

  constructor({ notices }) {
    this.deck = new Deck(new Sounds(), notices);
    this.title = el("h2", { tabIndex: -1 }, t("takes.compare"));
    this.says = el("p", { class: "lead", role: "status" });
    this.playKey = el("button", { class: "plain play", type: "button", disabled: true, "aria-label": t("look.play") }, el("span", { class: "play-shape", "aria-hidden": "true" }));
    this.playKey.addEventListener("click", () => (this.deck.state === "stopped" ? this.deck.play() : this.deck.pause()));
    this.now = el("output", {}, "0:00");
    this.waves = [0, 1].map((side) => {
      const wave = new Wave(t("takes.position"));
      wave.addEventListener("seek", ({ detail }) => this.deck.seek(this.#back[side](detail)));
      return wave;
    });
    this.names = [0, 1].map(() => el("strong"));
    this.choice = el("div", { class: "choice take-sounds", role: "radiogroup", "aria-label": t("takes.hear") });
    this.even = el("p", { class: "help" });
    this.deck.addEventListener("changed", () => this.#drawPlaying());
    this.node = el("article", { class: "card take compare", hidden: true }, this.title, this.says,
      ...[0, 1].map((side) => el("div", { class: "compare-side" }, this.names[side], this.waves[side].node)),
      el("div", { class: "take-transport" }, this.playKey, this.now), this.choice, this.even);
  }

  async open(take, other) {
    if (this.#takes[0]?.id === take.id && this.#takes[1]?.id === other.id) return;
    this.close();
    this.#takes = [take, other];
    this.#outlines = [null, null];
    this.node.hidden = false;
    this.playKey.disabled = true;
    this.choice.replaceChildren(...this.#takes.map((each, side) => {
      const input = el("input", { type: "radio", name: "compare-take", value: String(side), disabled: true });
      input.addEventListener("click", () => {
        this.deck.hear(side);
        this.deck.play();
      });
      return el("label", {}, input, el("span", {}, nameOf(each)));
    }));
    this.#takes.forEach((each, side) => {
      setText(this.names[side], nameOf(each));
      this.waves[side].show({ seconds: Math.max(each.seconds, 0.01), at: 0, marks: each.marks, trim: [0, each.seconds] });
      this.waves[side].picture(null, "signal");
    });
    setText(this.says, t("takes.compare.working"));
    try {
      await this.#line(take, other);
    } catch (error) {
      if (this.#takes[1] === other) setText(this.says, error.message);
    }
  }

  async #line(take, other) {
    let found = null;
    do {
      if (found) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      if (this.#takes[1] !== other) return;
      found = await get(`${addressOf(take)}/beside/${encodeURIComponent(other.id)}`);
    } while (found.state === "working");
    if (this.#takes[1] !== other) return;
    if (found.state === "failed") {
      setText(this.says, found.problem);
      return;
    }
    this.#ways = [same, along(found.pairs, 0, 1)];
    this.#back = [same, along(found.pairs, 1, 0)];
    setText(this.says, found.problem || t("takes.compare.about")); // not of one song: they begin together
    this.#load();
    this.playKey.disabled = false;
    for (const input of this.choice.querySelectorAll("input")) input.disabled = false;
    for (const [side, each] of this.#takes.entries()) {
      const outlines = await outlineOf(each, POINTS);
      if (this.#takes[1] !== other) return;
      this.#outlines[side] = outlines?.[heardFirst(each)] ?? null;
      this.waves[side].picture(this.#outlines[side], side ? "cool" : "signal");
    }
    this.#load(true);
  }

  #load(again = false) {
    const even = this.#even();
    const sources = this.#takes.map((take, side) => ({ take: take.id, lane: heardFirst(take), gain: even.gains[side], own: this.#ways[side], common: this.#back[side] }));
    const to = this.#takes[0].seconds;
    if (again) this.deck.update(sources, { from: 0, to });
    else this.deck.load(sources, { to });
  }

  #even = () => evened(this.#takes.map(({ lufs }) => lufs), this.#outlines);

  close() {
    this.deck.pause();
    this.#takes = [];
    this.node.hidden = true;
  }

  redraw() {
    for (const wave of this.waves) wave.draw();
  }

  #drawPlaying() {
    const playing = this.deck.state !== "stopped";
    this.playKey.classList.toggle("playing", playing);
    this.playKey.setAttribute("aria-label", t(playing ? "look.pause" : "look.play"));
    this.choice.querySelectorAll("input").forEach((input, side) => { input.checked = side === this.deck.heard; });
    const even = this.#even();
    setText(this.even, even.known ? (even.exact ? t("takes.even") : t("takes.even.outline", { by: t("takes.even") })) : "");
    this.#follow();
  }

  #follow() {
    cancelAnimationFrame(this.#frame);
    if (!this.#takes.length) return;
    const at = this.deck.position;
    this.waves.forEach((wave, side) => wave.show({ at: Math.min(Math.max(this.#ways[side](at), 0), this.#takes[side].seconds) }));
    setText(this.now, clock(at));
    if (this.deck.state !== "stopped" && !document.hidden) this.#frame = requestAnimationFrame(() => this.#follow());
  }
}
