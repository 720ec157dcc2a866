// Where the page is wide: spectrum and history beside Play. Behind a PIN that this page does not know they stay away.

import { get } from "../api.js";
import { byId, setText } from "../base/dom.js";
import { History } from "./history.js";
import { Spectrum } from "./spectrum.js";

export class Beside {
  #running = false;
  #parts = null;

  async go(wanted) {
    if (wanted === this.#running) return;
    this.#running = wanted;
    if (!wanted) return this.#parts?.forEach((part) => part.stop());
    if (!this.#parts) {
      const { in_force: guarded, unlocked } = await get("pin").catch(() => ({ in_force: true }));
      if ((guarded && !unlocked) || !this.#running) return (this.#running = false);
      byId("beside").hidden = false;
      this.#parts = [
        new Spectrum(byId("beside-spectrum"), null, () => {}),
        new History(byId("beside-history"), (text) => setText(byId("beside-words"), text)),
      ];
    }
    this.#parts.forEach((part) => part.start());
  }

  forget() {
    this.#parts?.forEach((part) => part.forget());
  }
}
