// A form of audio settings that are tried together: what the user has chosen and not applied yet outlives every redraw.

import { put } from "../api.js";
import { el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { attempt, button } from "./asking.js";

export class SettingsForm {
  // say: a line for what the box tells of the trial.
  #fields = new Map(); // key of [audio] -> {node, read}
  #notices;

  constructor(notices) {
    this.#notices = notices;
    this.said = el("p", { class: "said", role: "status", hidden: true });
    this.use = button(t("audio.use"), () => this.#apply(), { strong: true });
  }

  select(key, read = (text) => text) {
    // A list to choose `key` from. read: makes the setting's value of the option's text.
    const node = el("select", { class: "pick" });
    node.addEventListener("change", () => { node.dataset.mine = "yes"; });
    this.#fields.set(key, { node, read });
    return node;
  }

  offer(key, options, now) {
    // options: [[value, words], …]; now: the value in force, which shows unless the user has chosen another one.
    const { node } = this.#fields.get(key);
    const all = options.some(([value]) => String(value) === String(now)) ? options : [...options, [now, String(now)]];
    const mine = node.dataset.mine ? node.value : null;
    const shape = JSON.stringify(all);
    if (node.dataset.shape !== shape) {
      node.dataset.shape = shape;
      node.replaceChildren(...all.map(([value, words]) => el("option", { value: String(value) }, words)));
    }
    node.value = mine !== null && all.some(([value]) => String(value) === mine) ? mine : String(now);
  }

  news({ audio_state: state, audio_reason: reason }) {
    this.said.hidden = state === "settled";
    this.said.classList.toggle("trouble", state === "refused");
    setText(this.said, state === "trying" ? t("audio.trying") : state === "refused" ? t("audio.refused", { reason }) : "");
  }

  async #apply() {
    const offered = [...this.#fields].filter(([, { node }]) => node.options.length);
    const changes = Object.fromEntries(offered.map(([key, { node, read }]) => [key, read(node.value)]));
    if ((await attempt(this.#notices, () => put("setup/audio", { changes }))) === null) return;
    for (const { node } of this.#fields.values()) delete node.dataset.mine;
  }
}
