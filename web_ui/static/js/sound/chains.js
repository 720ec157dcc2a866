// Voice, music or voice over music: the chain, as far as it is possible on this box.

import { byId, el } from "../base/dom.js";
import { either } from "../base/texts.js";

export class Chains {
  #view = null;
  #drawn = "";
  #params;

  constructor(params) {
    this.#params = params;
  }

  rebuild() {
    // Returns the views that are shown here.
    this.#view = this.#params.view("box.chain") ?? null;
    this.#drawn = "";
    if (!this.#view) return [];
    this.#params.watch(this.#view.id, (now) => {
      document.body.dataset.chain = now === null ? "" : this.#view.choices[now];
      this.#mark(now);
    });
    return [this.#view];
  }

  show({ chains }) {
    if (!this.#view) return;
    const now = this.#params.value(this.#view.id);
    // What is chosen is shown, possible or not.
    const offered = this.#view.choices.filter((name, i) => chains.includes(name) || i === now);
    if (offered.join() === this.#drawn) return;
    this.#drawn = offered.join();
    byId("chains").hidden = offered.length < 2;
    byId("chains").replaceChildren(...offered.map((name) => {
      const value = this.#view.choices.indexOf(name);
      const key = el("button", { type: "button", "data-value": String(value) }, either(`play.chain.${name}`, name));
      key.addEventListener("click", () => this.#params.set(this.#view.id, value));
      return key;
    }));
    this.#mark(now);
  }

  #mark(now) {
    for (const key of byId("chains").children) {
      key.disabled = now === null;
      key.setAttribute("aria-pressed", String(Number(key.dataset.value) === now));
    }
  }
}
