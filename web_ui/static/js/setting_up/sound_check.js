// The sound check: outputs silent, every input metered. The page renews it while a part of the page needs it. When the page
// goes away, the box ends it by itself.

import { post } from "../api.js";

const HOLD_MS = 1000;

export class SoundCheck extends EventTarget {
  // Events: "news" (detail: the check as the box tells it), "refused" (detail: why).
  now = { state: "off", inputs_db: [], result: null };
  #timer = 0;

  constructor(connection) {
    super();
    if (connection.told.setup) this.now = connection.told.setup.check;
    connection.addEventListener("setup", ({ detail }) => {
      this.now = detail.check;
      this.dispatchEvent(new CustomEvent("news", { detail: detail.check }));
    });
  }

  get going() {
    return this.#timer !== 0;
  }

  begin() {
    if (this.#timer) return;
    this.#hold();
    this.#timer = setInterval(() => this.#hold(), HOLD_MS);
  }

  async end() {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    try {
      await post("setup/check", { do: "end" });
    } catch {
      // It ends by itself.
    }
  }

  measure() {
    return post("setup/check", { do: "measure" });
  }

  async #hold() {
    try {
      await post("setup/check", { do: "hold" });
    } catch (error) {
      this.dispatchEvent(new CustomEvent("refused", { detail: error.message }));
    }
  }
}
