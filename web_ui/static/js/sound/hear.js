// Processed, untouched or removed: what is heard, at equal loudness. "Untouched" begins an A/B comparison on the box, in which
// bypass (also by foot) chooses the side; it ends a while after the processed sound was chosen.

import { put, Refusal } from "../api.js";
import { byId } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const RENEW_MS = 10000; // the box ends a comparison that nobody renews
const SIDES = ["processed", "untouched", "removed"];

export class Hear {
  #view = null;
  #params;
  #notices;
  #timer = 0;
  #shown = false;

  constructor({ connection, params, notices }) {
    this.#params = params;
    this.#notices = notices;
    connection.addEventListener("compare", ({ detail }) => this.#take(detail));
    this.keys = Object.fromEntries(SIDES.map((side) => {
      const key = byId(`hear-${side}`);
      key.addEventListener("click", () => this.choose(side));
      return [side, key];
    }));
    this.#take(connection.told.compare ?? null);
  }

  rebuild() {
    this.bypass = this.#params.named("bypass");
    this.listen = this.#params.named("listen");
    this.solo = this.#params.view("chain.solo"); // a stage alone
    for (const view of [this.bypass, this.listen, this.solo]) if (view) this.#params.watch(view.id, () => this.#draw());
    const chain = this.#params.view("box.chain");
    const offered = (now) => (this.keys.removed.hidden = !this.listen || (chain && chain.choices[now] === "music"));
    offered(null);
    if (chain) this.#params.watch(chain.id, offered);
    this.#draw();
  }

  get side() {
    // What is heard; "" while unknown.
    const [bypassed, removed, solo] = [this.bypass, this.listen, this.solo].map((view) => (view ? this.#params.value(view.id) : 0));
    if (bypassed === null) return "";
    return bypassed ? "untouched" : (removed || solo) && !this.keys.removed.hidden ? "removed" : "processed";
  }

  async choose(side) {
    if (side === "processed" && this.side === side && this.#view?.on) return this.#compare(false);
    if (side === "untouched" && !this.#view?.on) await this.#compare(true); // first, so that it is not a change of sound
    if (this.solo && this.#params.value(this.solo.id)) this.#params.set(this.solo.id, 0);
    if (this.listen && side !== "untouched") this.#params.set(this.listen.id, side === "removed" ? 1 : 0);
    if (this.bypass) this.#params.set(this.bypass.id, side === "untouched" ? 1 : 0);
    this.#keep();
  }

  hint() {
    // How the loudness was matched, for the large button; "" when nothing is compared.
    const view = this.#view;
    if (!view?.on || this.side === "removed") return "";
    if (view.untouched_lufs === null || view.processed_lufs === null || view.measured_s < 1) return t("play.hear.measuring");
    const by = view.processed_lufs - view.untouched_lufs;
    if (Math.abs(by) < 0.3) return t("play.hear.equal");
    return t(by > 0 ? "play.hear.processed_louder" : "play.hear.untouched_louder", { by: number(Math.abs(by), 1) });
  }

  show() {
    this.#shown = true;
    this.#keep();
  }

  hide() {
    // The box keeps the comparison for half a minute, so that a look at another view does not end it.
    this.#shown = false;
    this.#keep();
  }

  forget() {
    this.#take(null);
  }

  #take(view) {
    this.#view = view;
    this.#draw();
    this.#keep();
  }

  #draw() {
    const heard = this.side;
    for (const [side, key] of Object.entries(this.keys)) {
      key.disabled = this.#view === null || !heard;
      key.setAttribute("aria-pressed", String(side === heard));
    }
  }

  #keep() {
    clearTimeout(this.#timer);
    if (this.#shown && this.#view?.on) this.#timer = setTimeout(() => this.#compare(this.side === "untouched"), RENEW_MS);
  }

  async #compare(on) {
    try {
      this.#view = await put("compare", { on });
    } catch (error) {
      if (error instanceof Refusal) this.#notices.say(error.message);
    }
    this.#keep();
  }
}
