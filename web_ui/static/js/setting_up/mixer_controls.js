// The interface's own levels, as far as it lets them be set from here, and a warning while direct monitoring is on.

import { get, post, put } from "../api.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";
import { attempt, button, radios } from "./asking.js";

const LOOK_MS = 1500; // changes by alsamixer or a hand on the interface show within this time
const SEND_MS = 60;

export class MixerControls {
  #timer = 0;
  #drawn = "";
  #shown = new Map(); // id -> show(value)
  #held = ""; // the control under a finger: the box's value waits
  #sendTimer = 0;
  #pending = null;

  constructor(notices, { only = null } = {}) {
    // only: show only controls of this role ("input").
    this.notices = notices;
    this.only = only;
    this.node = el("div", { class: "group" });
    this.warned = () => {};
  }

  show() {
    this.#look();
    this.#timer ||= setInterval(() => this.#look(), LOOK_MS);
  }

  hide() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  async #look() {
    let view;
    try {
      view = await get("setup/mixer");
    } catch {
      return; // the connection or the PIN sheet reports it
    }
    const controls = view.controls.filter(({ role }) => !this.only || role === this.only);
    const shape = JSON.stringify([controls.map(({ id, low, high }) => [id, low, high]), view.monitoring, view.why_not]);
    if (shape !== this.#drawn) {
      this.#drawn = shape;
      this.#draw(view, controls);
    }
    for (const { id, value } of controls) if (id !== this.#held) this.#shown.get(id)?.(value);
    this.warned(view);
  }

  #draw(view, controls) {
    this.#shown.clear();
    const warning = view.monitoring.length && !this.only
      ? [el("div", { class: "warning-card", role: "alert" }, el("p", {}, t("levels.monitoring", { names: view.monitoring.join(", ") })),
        button(t("levels.monitoring.off"), () => this.#stopMonitoring(), { strong: true }))]
      : [];
    const parts = controls.map((control) => this.#control(control));
    if (!controls.length) parts.push(el("p", { class: "help" }, view.why_not || t("levels.knobs")));
    this.node.replaceChildren(...warning, ...parts);
  }

  async #stopMonitoring() {
    await attempt(this.notices, () => post("setup/mixer/stop_monitoring", { stop: true }));
    this.#look();
  }

  #control(control) {
    const words = t(`levels.${control.role}.${control.kind}`, { name: control.name });
    if (control.kind === "level") return this.#level(control, words);
    const choices = control.kind === "switch" ? [t("levels.off"), t("levels.on")] : control.choices;
    const holder = el("div", { class: "control" }, el("div", { class: "control-head" }, el("span", { class: "label" }, words)));
    const list = radios(words, choices.map((choice, at) => [at, choice]), control.value, (value) => this.#send(control.id, value));
    list.className = "ways";
    holder.append(list);
    this.#shown.set(control.id, (value) => list.querySelectorAll("input").forEach((input, at) => { input.checked = at === value; }));
    return holder;
  }

  #level(control, words) {
    const id = `mixer-${control.id}`;
    const value = el("output", { class: "value", htmlFor: id });
    const input = el("input", { class: "fader", id, type: "range", min: control.low, max: control.high, step: control.unit === "dB" ? 0.5 : 1 });
    const say = (now) => `${number(now, control.unit === "dB" ? 1 : 0)} ${control.unit}`;
    const show = (now) => {
      input.value = now;
      input.style.setProperty("--from", -1);
      input.style.setProperty("--to", (now - control.low) / (control.high - control.low || 1));
      input.setAttribute("aria-valuetext", say(now));
      setText(value, say(now));
    };
    this.#shown.set(control.id, show);
    input.addEventListener("input", () => {
      show(Number(input.value));
      this.#send(control.id, Number(input.value));
    });
    input.addEventListener("pointerdown", () => { this.#held = control.id; });
    for (const name of ["pointerup", "pointercancel", "blur"]) input.addEventListener(name, () => { this.#held = ""; });
    show(control.value);
    return el("div", { class: "control" }, el("div", { class: "control-head" }, el("label", { htmlFor: id }, words), value), input);
  }

  #send(id, value) {
    // While a fader moves, only its newest position is sent.
    this.#pending = { id, value };
    this.#sendTimer ||= setTimeout(async () => {
      const body = this.#pending;
      this.#sendTimer = 0;
      this.#pending = null;
      if ((await attempt(this.notices, () => put("setup/mixer", body))) === null) this.#look();
    }, SEND_MS);
  }
}
