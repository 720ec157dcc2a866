// Scenes A and B with the way between them, beside Mute. An empty key keeps what is heard; a long press keeps it anew.

import { post, Refusal } from "../api.js";
import { byId, el } from "../base/dom.js";
import { step, words } from "../base/format.js";
import { onLongPress } from "../base/press.js";
import { t } from "../base/texts.js";

export class SceneKeys {
  constructor({ params, presets, notices, entry }) {
    this.params = params;
    this.presets = presets;
    this.notices = notices;
    this.entry = entry;
    for (const scene of ["A", "B"]) {
      const key = byId(`play-scene-${scene}`);
      key.addEventListener("click", () => (this.presets.news?.scenes[scene] ? this.#send("scenes/recall", scene) : this.#keep(scene)));
      onLongPress(key, () => entry.offers("engineer") && this.#keep(scene));
    }
    presets.addEventListener("changed", () => this.#draw());
    entry.addEventListener("changed", () => this.#draw());
  }

  rebuild() {
    const view = this.params.view("scenes.morph");
    const home = byId("play-morph");
    home.replaceChildren();
    if (view) {
      const input = el("input", { class: "fader", type: "range", min: view.low, max: view.high, step: step(view), "aria-label": view.label });
      input.addEventListener("input", () => this.params.set(view.id, Number(input.value)));
      input.addEventListener("pointerdown", () => this.params.hold(view.id, true));
      for (const end of ["pointerup", "pointercancel", "blur"]) input.addEventListener(end, () => this.params.hold(view.id, false));
      this.params.watch(view.id, (now) => {
        input.disabled = now === null;
        input.value = now ?? view.low;
        input.setAttribute("aria-valuetext", now === null ? t("shell.unknown") : words(view, now));
        input.style.setProperty("--from", -1);
        input.style.setProperty("--to", now === null ? 0 : (now - view.low) / (view.high - view.low));
      });
      home.append(input);
    }
    this.#draw();
  }

  #draw() {
    const news = this.presets.news;
    for (const scene of ["A", "B"]) {
      const key = byId(`play-scene-${scene}`);
      const kept = Boolean(news?.scenes[scene]);
      key.disabled = !news;
      key.hidden = !kept && !this.entry.offers("engineer");
      key.classList.toggle("empty", !kept);
      key.setAttribute("aria-pressed", String(kept && news.scene === scene));
      key.setAttribute("aria-label", t(kept ? "play.scene.recall" : "play.scene.keep", { scene }));
      key.title = t(kept && this.entry.offers("engineer") ? "play.scene.recall.more" : kept ? "play.scene.recall" : "play.scene.keep", { scene });
    }
    byId("play-morph").hidden = !news?.scenes.A || !news?.scenes.B || !this.params.view("scenes.morph");
  }

  async #keep(scene) {
    if (await this.#send("scenes/keep", scene)) this.notices.say(t("play.scene.kept", { scene }), { grave: false });
  }

  async #send(path, scene) {
    try {
      await post(path, { scene });
      return true;
    } catch (error) {
      if (error instanceof Refusal) this.notices.say(error.message);
      return false;
    }
  }
}
