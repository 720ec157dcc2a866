// The stems as four strips: fader over its level, mute, solo. Shown while the box's chain has stems to mix.

import { toggle } from "../base/controls.js";
import { byId, el, setText } from "../base/dom.js";
import { step, words } from "../base/format.js";
import { t } from "../base/texts.js";

const FLOOR_DB = -60;
const NO_STEMS = 0; // the first choice of box.chain: a voice alone
const ONLY_STEMS = 1; // the second: music alone, which has no noise to reduce

export class Stems {
  #levels = new Map(); // stem -> fill of its bar

  rebuild(params) {
    // Draw the strips; returns the views that are shown here.
    const views = params.views.filter((view) => view.id.startsWith("stems.") && view.id.split(".").length === 3);
    const names = [...new Set(views.map((view) => view.id.split(".")[1]))];
    this.#levels.clear();
    byId("stem-strips").replaceChildren(...names.map((name) => this.#strip(params, name)));
    const chain = params.view("box.chain");
    const shown = (now) => {
      byId("stems").hidden = !chain || !names.length || now === null || now === NO_STEMS;
      byId("amount").hidden = Boolean(chain) && now === ONLY_STEMS;
    };
    shown(null);
    if (chain) params.watch(chain.id, shown);
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
    const view = params.view(`stems.${name}.gain_db`);
    const id = `param-${view.id}`;
    const value = el("output", { class: "stem-value", htmlFor: id });
    const input = el("input", { class: "fader", id, type: "range", min: view.low, max: view.high, step: step(view) });
    params.watch(view.id, (now) => {
      const known = now !== null;
      input.disabled = !known;
      input.value = known ? now : view.low;
      input.setAttribute("aria-valuetext", known ? words(view, now) : t("shell.unknown"));
      input.style.setProperty("--from", -1);
      input.style.setProperty("--to", known ? (now - view.low) / (view.high - view.low) : 0);
      setText(value, words(view, now));
    });
    input.addEventListener("input", () => params.set(view.id, Number(input.value)));
    input.addEventListener("pointerdown", () => params.hold(view.id, true));
    for (const event of ["pointerup", "pointercancel", "blur"]) input.addEventListener(event, () => params.hold(view.id, false));
    const keys = ["mute", "solo"].map((what) => {
      const view = params.view(`stems.${name}.${what}`);
      const key = el("button", { class: `plain stem-key ${what}-key`, type: "button" }, t(`play.stem.${what}`));
      key.setAttribute("aria-label", view.label);
      toggle(params, view, key, (on) => key.classList.toggle("on", Boolean(on)));
      return key;
    });
    this.forget();
    return el("div", { class: "stem" },
      el("div", { class: "stem-head" }, el("label", { htmlFor: id }, t(`play.stem.${name}`)), value),
      el("div", { class: "stem-fader" }, input, el("div", { class: "bar", "aria-hidden": "true" }, fill)),
      ...keys);
  }
}
