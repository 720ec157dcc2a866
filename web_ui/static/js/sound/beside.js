// Where the page is wide: spectrum, chain and history beside Play, for those who may look.

import { byId, setText } from "../base/dom.js";
import { History } from "./history.js";
import { Spectrum } from "./spectrum.js";

export class Beside {
  #running = false;
  #parts = null;

  go(wanted) {
    if (wanted === this.#running) return;
    this.#running = wanted;
    byId("beside").hidden = !wanted;
    (wanted ? byId("beside-stages") : byId("stages-here")).append(byId("stages"));
    if (!wanted) return this.#parts?.forEach((part) => part.stop());
    if (!this.#parts) {
      this.#parts = [
        new Spectrum(byId("beside-spectrum"), null, () => {}),
        new History(byId("beside-history"), (text) => setText(byId("beside-words"), text)),
      ];
    }
    this.#parts.forEach((part) => part.start());
    return undefined;
  }

  forget() {
    this.#parts?.forEach((part) => part.forget());
  }
}
