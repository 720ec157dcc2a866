// The stems as four strips: fader over its level, mute, solo. Shown while the box's chain has stems to mix. What is not heard
// looks so.

import { toggle } from "../base/controls.js";
import { byId, el, setText } from "../base/dom.js";
import { fader } from "../base/fader.js";
import { t } from "../base/texts.js";

const FLOOR_DB = -60;
const NO_STEMS = 0; // the first choice of box.chain: a voice alone
const ONLY_STEMS = 1; // the second: music alone, which has no noise to reduce

export class Stems {
  #strips = new Map(); // stem -> {node, level, says, view}
  #menu;

  constructor(menu) {
    // menu(node, view): gives a control its long press
    this.#menu = menu;
  }

  rebuild(params) {
    // Draw the strips; returns the views that are shown here.
    const views = params.views.filter((view) => view.id.startsWith("stems.") && view.id.split(".").length === 3);
    const names = [...new Set(views.map((view) => view.id.split(".")[1]))];
    this.#strips.clear();
    byId("stems").replaceChildren(...names.map((name) => this.#strip(params, name)));
    const chain = params.view("box.chain");
    const shown = (now) => {
      byId("stems").hidden = !chain || !names.length || now === null || now === NO_STEMS;
      byId("amount").hidden = Boolean(chain) && now === ONLY_STEMS;
    };
    shown(null);
    if (chain) params.watch(chain.id, shown);
    return views;
  }

  show(levels, silent) {
    for (const [name, strip] of this.#strips) {
      strip.level(Math.min(Math.max(1 - (levels[name] ?? -120) / FLOOR_DB, 0), 1));
      const off = silent.includes(name);
      strip.node.classList.toggle("off", off);
      strip.says.hidden = !off;
    }
  }

  forget() {
    this.show({}, []);
  }

  #strip(params, name) {
    const label = t(`play.stem.${name}`);
    const gain = params.view(`stems.${name}.gain_db`);
    const { node, value, level } = fader(params, gain, gain.label);
    this.#menu(node, gain);
    const says = el("span", { class: "stem-says", hidden: true }, t("play.stem.silent"));
    const keys = ["mute", "solo"].map((what) => {
      const view = params.view(`stems.${name}.${what}`);
      const key = el("button", { class: `plain stem-key ${what}-key`, type: "button" }, t(`play.stem.${what}`));
      key.setAttribute("aria-label", view.label);
      toggle(params, view, key, (on) => {
        key.classList.toggle("on", Boolean(on));
        if (what === "mute") setText(says, t(on ? "play.stem.muted" : "play.stem.silent"));
      });
      this.#menu(key, view);
      return key;
    });
    const strip = el("div", { class: "stem" }, el("h3", {}, label), node, el("div", { class: "stem-number" }, value, says), ...keys);
    this.#strips.set(name, { node: strip, level, says });
    level(0);
    return strip;
  }
}
