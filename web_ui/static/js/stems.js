// The stems: a strip each with level, fader, mute and solo. Drawn from whatever stems the box has, shown while its chain
// has any to mix.

import { slider, toggle } from "./controls.js";
import { byId, el } from "./dom.js";

const FLOOR_DB = -60;
const NO_STEMS = 0; // the first choice of box.chain: a voice alone

export class Stems {
  #levels = new Map(); // stem -> fill of its bar

  rebuild(params) {
    // Draw the strips; returns the views that are shown here.
    const views = params.views.filter((view) => view.id.startsWith("stems.") && view.id.split(".").length === 3);
    const names = [...new Set(views.map((view) => view.id.split(".")[1]))];
    this.#levels.clear();
    byId("stem-strips").replaceChildren(...names.map((name) => this.#strip(params, name)));
    const chain = params.view("box.chain");
    byId("stems").hidden = !chain || !names.length;
    if (chain) params.watch(chain.id, (now) => { byId("stems").hidden = !names.length || now === null || now === NO_STEMS; });
    return views;
  }

  show(levels) {
    for (const [name, fill] of this.#levels) {
      const share = Math.min(Math.max(1 - (levels[name] ?? -120) / FLOOR_DB, 0), 1);
      fill.style.clipPath = `inset(0 ${(100 - 100 * share).toFixed(2)}% 0 0)`;
    }
  }

  forget() {
    this.show({});
  }

  #strip(params, name) {
    const fill = el("div", { class: "bar-fill" });
    this.#levels.set(name, fill);
    const fader = slider(params, params.view(`stems.${name}.gain_db`));
    const keys = ["mute", "solo"].map((what) => {
      const view = params.view(`stems.${name}.${what}`);
      const key = el("button", { class: "plain stem-key", type: "button" }, what[0].toUpperCase() + what.slice(1));
      key.setAttribute("aria-label", view.label);
      toggle(params, view, key, (on) => key.classList.toggle("on", Boolean(on)));
      return key;
    });
    const bar = el("div", { class: "bar", "aria-hidden": "true" }, fill);
    this.forget();
    return el("div", { class: "stem" }, fader, bar, el("div", { class: "stem-keys" }, ...keys));
  }
}
