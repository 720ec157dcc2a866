// The loaded preset with previous and next, for changing it between songs.

import { post, Refusal } from "../api.js";
import { byId, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

export class PresetBar {
  constructor({ presets, notices }) {
    this.presets = presets;
    this.keys = [["preset-previous", -1], ["preset-next", 1]].map(([id, by]) => {
      const key = byId(id);
      key.addEventListener("click", () =>
        post("presets/step", { by }).catch((error) => error instanceof Refusal && notices.say(error.message)));
      return key;
    });
    presets.addEventListener("changed", () => this.#draw());
    this.#draw();
  }

  #draw() {
    const known = this.presets.news !== null;
    for (const key of this.keys) key.disabled = !known;
    const changes = this.presets.differences()?.length ?? 0;
    setText(byId("preset-name"), known ? this.presets.news.current || t("play.preset.none") : "\u2013");
    setText(byId("preset-state"), !known || !changes ? "" : t("play.preset.changed"));
  }
}
