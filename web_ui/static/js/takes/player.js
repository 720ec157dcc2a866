// One take, open: its waveform, its sounds to switch between while it plays, and what can be done with it.

import { ask, menu } from "../base/dialog.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";
import { Deck } from "./deck.js";
import { clock, dayOf, megabytes, nameOf, soundsLike } from "./facts.js";
import { heardFirst, soundsOf } from "./list.js";
import { evened } from "./loudness.js";
import { outlineOf } from "./outline.js";
import { Sounds } from "./sounds.js";
import { addressOf } from "./store.js";
import { Wave } from "./wave.js";

const POINTS = 1600;
const SAY_DB = 0.3;
const LONGEST_NAME = 120;

const AS_IT_WAS = ""; // the preset of a version with the take's own settings and their changes
const STEMS = ["vocals", "drums", "bass", "other"];

const same = (seconds) => seconds;
const named = ([at, name], index) => [at, name || t("takes.mark.new", { number: index + 1 })]; // a pedal gives no name
const presetName = (name) => name || t("takes.as_it_was");

export class TakePlayer {
  // node: the element. open(id): show this take; close(): none, and silence.
  #take = null;
  #sounds = [];
  #outlines = {};
  #trim = null; // while it is being chosen
  #frame = 0;
  #drawn = "";

  constructor({ notices, store, presets, compare }) {
    // presets(): names to choose from. compare(take): somebody wants to compare it.
    Object.assign(this, { notices, store, presets, compare });
    this.deck = new Deck(new Sounds(), notices);
    this.wave = new Wave(t("takes.position"));
    this.#build();
    this.wave.addEventListener("seek", ({ detail }) => this.deck.seek(detail));
    this.wave.addEventListener("trim", ({ detail }) => { this.#trim = detail; });
    this.deck.addEventListener("changed", () => this.#drawPlaying());
    store.addEventListener("changed", () => this.#take && this.open(this.#take.id));
    store.addEventListener("jobs", () => this.#drawJobs());
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  get id() {
    return this.#take?.id ?? "";
  }

  open(id) {
    const take = this.store.byId(id);
    if (!take) return this.close();
    const another = take.id !== this.#take?.id;
    const shape = JSON.stringify(take);
    if (shape === this.#drawn) return undefined;
    this.#drawn = shape;
    this.#take = take;
    this.#sounds = soundsOf(take);
    if (another) {
      this.#outlines = {};
      this.#trim = null;
    }
    this.node.hidden = false;
    this.#load(another);
    this.#draw();
    return this.#fetchOutlines();
  }

  close() {
    this.deck.pause();
    this.#take = null;
    this.#drawn = "";
    this.node.hidden = true;
  }

  redraw() {
    this.wave.draw();
  }

  // --- what plays ---

  #load(another) {
    const take = this.#take;
    const even = this.#evened();
    const sources = this.#sounds.map(({ lane }, at) => ({ take: take.id, lane, gain: even.gains[at], own: same, common: same }));
    const [from, to] = take.trim_s;
    if (another) this.deck.load(sources, { from, to, heard: Math.max(0, this.#sounds.findIndex(({ lane }) => lane === heardFirst(take))) });
    else this.deck.update(sources, { from, to });
  }

  #evened = () => evened(this.#sounds.map(({ lufs }) => lufs), this.#sounds.map(({ lane }) => this.#outlines[lane] ?? null));

  async #fetchOutlines() {
    const take = this.#take;
    const here = () => this.#take?.id === take.id;
    for (const lane of ["", ...take.versions.map(({ lane: version }) => version)]) {
      const outlines = await outlineOf(take, POINTS, { lane, wanted: here });
      if (!here()) return;
      Object.assign(this.#outlines, outlines);
      this.#load(false);
      this.#drawPlaying();
    }
  }

  #hear(at) {
    this.deck.hear(at);
    this.deck.play(); // one tap a version, whether it plays already or not
    this.#drawPlaying();
  }

  #follow() {
    cancelAnimationFrame(this.#frame);
    if (!this.#take) return;
    const at = this.deck.position;
    this.wave.show({ at });
    setText(this.now, clock(at));
    if (this.deck.state !== "stopped" && !document.hidden) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #loop() {
    // Between the marks around where it is, else the whole.
    if (this.deck.loop) return this.deck.repeat(null);
    const [from, to] = this.#take.trim_s;
    const ends = [from, ...this.#take.marks.map(([at]) => at).filter((at) => at > from && at < to), to];
    const after = ends.findIndex((end) => end > this.deck.position);
    const end = after < 1 ? ends.length - 1 : after;
    return this.deck.repeat({ from: ends[end - 1], to: ends[end] });
  }

  // --- what is done ---

  #mark() {
    const at = Math.round(this.deck.position * 100) / 100;
    const marks = [...this.#take.marks, [at, t("takes.mark.new", { number: this.#take.marks.length + 1 })]].sort((a, b) => a[0] - b[0]);
    this.store.change(this.#take, { marks });
  }

  #markMenu(index) {
    const take = this.#take;
    const [at, name] = named(take.marks[index], index);
    const change = (marks) => this.store.change(take, { marks });
    const end = take.marks[index + 1]?.[0] ?? take.trim_s[1];
    menu(`${clock(at)} ${name}`, [
      end > at && [t("takes.mark.loop"), () => this.deck.repeat({ from: at, to: end })],
      [t("takes.rename"), () => ask(t("takes.rename"), { value: name, label: t("takes.name"), save: t("takes.rename"), longest: LONGEST_NAME,
        then: async (to) => change(take.marks.map((mark, i) => (i === index ? [at, to] : mark))) })],
      [t("takes.mark.remove"), () => change(take.marks.filter((_, i) => i !== index)), "danger"],
    ]);
  }

  #rename() {
    const take = this.#take;
    ask(t("takes.rename"), { value: take.name, label: t("takes.name"), save: t("takes.rename"), longest: LONGEST_NAME, then: (name) => this.store.change(take, { name }) });
  }

  #tryOther() {
    const take = this.#take;
    menu(t("takes.try"), [...this.presets(), AS_IT_WAS].map((name) => [presetName(name), () => this.store.retry(take, name)]), { about: t("takes.try.about") });
  }

  #more() {
    const take = this.#take;
    menu(nameOf(take), [
      [t("takes.rename"), () => this.#rename()],
      ...take.versions.map((version) => [t("takes.version.drop", { name: presetName(version.preset) }), () => this.store.do("post", `${addressOf(take)}/versions/drop`, { version: version.id }), "danger"]),
      [t("takes.to_bin"), () => this.#toBin(take), "danger"],
    ]);
  }

  async #toBin(take) {
    location.hash = "#takes";
    if (!(await this.store.do("post", `${addressOf(take)}/bin`, { on: true }))) return;
    this.notices.say(t("takes.binned", { name: nameOf(take), days: this.store.view.bin_days }),
      { grave: false, action: { label: t("takes.undo"), run: () => this.store.do("post", `${addressOf(take)}/bin`, { on: false }) } });
  }

  #trimming(save) {
    // Begins to choose; or ends, with or without saving it.
    if (!this.#trim) this.#trim = [...this.#take.trim_s];
    else {
      const [from, to] = this.#trim.map((at) => Math.round(at * 100) / 100);
      this.#trim = null;
      if (save) this.store.change(this.#take, { trim_s: from <= 0 && to >= this.#take.seconds ? [0, 0] : [from, to] });
    }
    this.#draw();
  }

  // --- drawing ---

  #build() {
    const key = (words, then, more = "") => {
      const node = el("button", { class: `plain ${more}`.trim(), type: "button" }, words);
      node.addEventListener("click", then);
      return node;
    };
    this.title = el("h2", { tabIndex: -1 });
    this.star = key("", () => this.store.change(this.#take, { star: !this.#take.star }), "star");
    this.moreKey = key("\u22ef", () => this.#more(), "more-key");
    this.facts = el("p", { class: "lead" });
    this.trouble = el("p", { class: "trouble" });
    this.now = el("output", {}, "0:00");
    this.end = el("span");
    this.playKey = key(el("span", { class: "play-shape", "aria-hidden": "true" }), () => (this.deck.state === "stopped" ? this.deck.play() : this.deck.pause()), "play");
    this.loopKey = key(t("takes.loop"), () => this.#loop());
    this.markKey = key(t("takes.mark"), () => this.#mark());
    this.choice = el("div", { class: "choice take-sounds", role: "radiogroup", "aria-label": t("takes.hear") });
    this.even = el("p", { class: "help", role: "status" });
    this.marks = el("ul", { class: "take-marks" });
    this.trimKeys = el("div", { class: "key-row" }, key(t("takes.trim.save"), () => this.#trimming(true), "strong"),
      key(t("takes.trim.whole"), () => { this.#trim = [0, this.#take.seconds]; this.wave.show({ trim: this.#trim }); }), key(t("shell.cancel"), () => this.#trimming(false)));
    this.download = el("a", { class: "plain link-button", download: "" }, t("takes.download"));
    this.stemFile = el("a", { class: "plain link-button", download: "" }, t("takes.stem_file"));
    this.does = el("div", { class: "key-row" }, key(t("takes.try"), () => this.#tryOther(), "strong"), key(t("takes.compare"), () => this.compare(this.#take)),
      key(t("takes.trim"), () => this.#trimming(false)), this.download, this.stemFile);
    this.jobs = el("ul", { class: "take-jobs" });
    this.node = el("article", { class: "card take", hidden: true },
      el("div", { class: "take-title" }, this.title, this.star, this.moreKey), this.facts, this.trouble,
      this.wave.node, el("div", { class: "take-times" }, this.now, this.end),
      el("div", { class: "take-transport" }, this.playKey, this.loopKey, this.markKey), this.choice, this.even, this.trimKeys, this.jobs, this.marks, this.does);
  }

  #draw() {
    const take = this.#take;
    setText(this.title, nameOf(take));
    this.star.setAttribute("aria-pressed", String(take.star));
    this.star.setAttribute("aria-label", t("takes.star", { name: nameOf(take) }));
    this.moreKey.setAttribute("aria-label", t("takes.more", { name: nameOf(take) }));
    const made = take.begun ? `${dayOf(take)} ${nameOf({ ...take, name: "" })}` : "";
    setText(this.facts, [made, ...soundsLike(take), take.preset, take.where, megabytes(take.megabytes)].filter(Boolean).join(" \u00b7 "));
    setText(this.trouble, take.problem || (take.missing_s ? t("takes.missing.times", { seconds: number(take.missing_s, 1), count: take.gaps }) : ""));
    setText(this.end, clock(take.seconds));
    const recording = take.state === "recording";
    this.does.hidden = this.#trim !== null || recording || !take.lanes.length;
    this.moreKey.hidden = recording;
    this.markKey.disabled = recording;
    this.trimKeys.hidden = this.#trim === null;
    this.download.href = `/api/v1/${addressOf(take)}.zip`;
    this.stemFile.hidden = !STEMS.every((stem) => take.lanes.includes(stem)) && take.versions.every(({ lanes }) => !lanes.length);
    this.stemFile.href = `/api/v1/${addressOf(take)}.stem.mp4`;
    this.wave.show({ seconds: Math.max(take.seconds, 0.01), marks: take.marks, trim: this.#trim ?? take.trim_s, trimming: this.#trim !== null });
    this.marks.replaceChildren(...take.marks.map((mark, index) => {
      const [at, name] = named(mark, index);
      const go = el("button", { class: "plain mark-go", type: "button" }, el("span", {}, clock(at)), el("strong", {}, name));
      go.addEventListener("click", () => this.deck.seek(at));
      const more = el("button", { class: "plain more-key", type: "button", "aria-label": t("takes.more", { name }) }, "\u22ef");
      more.addEventListener("click", () => this.#markMenu(index));
      return el("li", {}, go, more);
    }));
    this.choice.replaceChildren(...this.#sounds.map(({ name }, at) => {
      const input = el("input", { type: "radio", name: "take-sound", value: String(at) });
      input.addEventListener("click", () => this.#hear(at));
      return el("label", {}, input, el("span", {}, name));
    }));
    this.#drawJobs();
    this.#drawPlaying();
  }

  #drawPlaying() {
    if (!this.#take) return;
    const { deck } = this;
    const playing = deck.state !== "stopped";
    this.playKey.classList.toggle("playing", playing);
    this.playKey.setAttribute("aria-label", t(playing ? "look.pause" : "look.play"));
    this.loopKey.setAttribute("aria-pressed", String(deck.loop !== null));
    this.choice.querySelectorAll("input").forEach((input, at) => { input.checked = at === deck.heard; });
    const heard = this.#sounds[deck.heard];
    const lane = heard && (this.#outlines[heard.lane] ? heard.lane : heardFirst(this.#take));
    const pairs = this.#outlines[lane] ?? null;
    this.wave.show({ loop: deck.loop });
    this.wave.picture(pairs, heard?.lane === "dry" ? "warm" : "signal");
    setText(this.even, this.#evenWords());
    this.#follow();
  }

  #evenWords() {
    // How the loudness was matched.
    if (this.#sounds.length < 2) return "";
    const even = this.#evened();
    if (!even.known) return "";
    const down = even.down_db[this.deck.heard] ?? 0;
    const by = down < -SAY_DB ? t("takes.even.down", { by: number(-down, 1) }) : t("takes.even");
    return even.exact ? by : t("takes.even.outline", { by });
  }

  #drawJobs() {
    if (!this.#take) return;
    drawJobs(this.jobs, this.store, this.store.jobs.filter((job) => job.take === this.#take.id && (job.state === "waiting" || job.state === "running" || job.state === "failed")));
  }
}

export { presetName };

export function drawJobs(list, store, jobs) {
  // Rows stay while only their progress changes, so that a finger on Cancel meets it.
  const shape = JSON.stringify(jobs.map(({ id, state, problem }) => [id, state, problem]));
  if (list.dataset.shape !== shape) {
    list.dataset.shape = shape;
    list.replaceChildren(...jobs.map((job) => {
      const bar = el("progress", { max: 1, "aria-label": presetName(job.preset) });
      const stop = el("button", { class: "plain", type: "button" }, t("shell.cancel"));
      stop.addEventListener("click", () => store.cancel(job));
      const words = job.state === "failed" ? t("takes.job.failed", { why: job.problem }) : t(`takes.job.${job.state}`);
      return el("li", { class: job.state }, el("span", { class: "job-words" }, el("strong", {}, presetName(job.preset)), el("small", {}, words)), ...(job.state === "failed" ? [] : [bar, stop]));
    }));
  }
  list.querySelectorAll("progress").forEach((bar, at) => { bar.value = jobs.filter(({ state }) => state !== "failed")[at].progress; });
}

