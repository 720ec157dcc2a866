// The loaded preset with previous and next, for changing it between songs, and how much has been changed since.

import { post, Refusal } from "../api.js";
import { byId, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

export class PresetBar {
  constructor({ presets, notices }) {
    this.presets = presets;
    this.notices = notices;
    this.keys = [["preset-previous", -1], ["preset-next", 1]].map(([id, by]) => {
      const key = byId(id);
      key.addEventListener("click", () => this.step(by));
      return key;
    });
    presets.addEventListener("changed", () => this.#draw());
    this.#draw();
  }

  step(by) {
    this.#send("presets/step", { by });
  }

  load(number) {
    // The preset with this number in the list, counted from 1.
    const preset = this.presets.presets[number - 1];
    if (preset) this.#send("presets/load", { name: preset.name });
  }

  #send(path, body) {
    if (this.presets.news) post(path, body).catch((error) => error instanceof Refusal && this.notices.say(error.message));
  }

  #draw() {
    const known = this.presets.news !== null;
    for (const key of this.keys) key.disabled = !known;
    const changes = this.presets.differences()?.length ?? 0;
    setText(byId("preset-name"), known ? this.presets.news.current || t("play.preset.none") : "\u2013");
    setText(byId("preset-state"), !known || !changes ? "" : changes === 1 ? t("play.preset.changed.one") : t("play.preset.changed", { count: changes }));
  }
}
