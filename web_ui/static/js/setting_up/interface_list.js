// Which interface the box uses: one that is plugged in, the demo, or an ALSA name that the user types.

import { get, put } from "../api.js";
import { el } from "../base/dom.js";
import { t } from "../base/texts.js";
import { attempt, button, fetched, field, radios } from "./asking.js";

export class InterfaceList {
  constructor(notices) {
    this.notices = notices;
    this.node = el("div", { class: "form" });
    const typed = el("input", { class: "pick", type: "text", autocomplete: "off", spellcheck: false, placeholder: "hw:CARD=…" });
    this.choices = el("div", { class: "form" });
    this.drawn = "";
    this.node.append(this.choices, el("details", { class: "form-rest" }, el("summary", {}, t("audio.other")),
      field("other-device", t("audio.other.label"), typed, t("audio.other.help")),
      button(t("audio.other.use"), () => typed.value.trim() && this.choose(typed.value.trim()))));
  }

  async load(device) {
    // device: the setting in force, "auto" or a name. Returns the interfaces, or null.
    const answer = await fetched(this.notices, () => get("setup/interfaces"));
    if (!answer) return null;
    const shape = JSON.stringify([answer, device]);
    if (shape === this.drawn) { // nothing moves under a finger, but a refused choice goes back
      for (const input of this.choices.querySelectorAll("input")) input.checked = input.value === device;
      return answer.interfaces;
    }
    this.drawn = shape;
    const automatic = [["auto", lines(t("audio.auto"), t("audio.auto.help"))]];
    const there = answer.interfaces.map((view) => [view.device, this.#line(view), !view.usable]);
    this.choices.replaceChildren(
      radios(t("audio.interface"), [...automatic, ...there], device, (chosen) => this.choose(chosen, device)),
      button(t("audio.rescan"), () => this.load(device), { small: true }));
    return answer.interfaces;
  }

  async choose(device, before) {
    if ((await attempt(this.notices, () => put("setup/audio", { changes: { device } }))) !== null || !before) return;
    this.drawn = ""; // refused: the mark goes back
    this.load(before);
  }

  #line(view) {
    const name = view.device === "demo" ? t("audio.demo") : view.name;
    const facts = [
      view.in_force ? t("audio.in_use") : "",
      view.inputs && !view.server ? t("audio.channels", { inputs: view.inputs, outputs: view.outputs }) : "",
      view.why_not || (view.server ? t("audio.server") : ""),
    ];
    return lines(name, facts.filter(Boolean).join(" · "));
  }
}

function lines(name, facts) {
  return el("span", { class: "row-words" }, el("strong", {}, name), el("small", {}, facts));
}
