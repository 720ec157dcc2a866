// Before and after: the last seconds that went through the box, as they came in and as they left.

import { getBlob } from "../api.js";
import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { TwoSides } from "./two_sides.js";

const SIDES = ["before", "after"];

export class Takes {
  #player = new TwoSides({ key: byId("take-play"), seek: byId("seek"), time: byId("time") });
  #side = 1;

  constructor() {
    byId("take-choice").append(...SIDES.map((name, side) => {
      const input = el("input", { type: "radio", name: "take", value: name, checked: side === this.#side });
      input.addEventListener("change", () => {
        this.#side = side;
        this.#player.hear(side);
      });
      return el("label", {}, input, el("span", {}, t(`look.${name}`)));
    }));
    byId("fetch-take").addEventListener("click", () => this.#fetch());
  }

  pause() {
    this.#player.pause();
  }

  async #fetch() {
    const button = byId("fetch-take");
    button.disabled = true;
    setText(button, t("look.takes.fetching"));
    // One name for both, so that both are of the same moment. Not crypto.randomUUID: that needs a secure context.
    const take = Date.now().toString(36) + Math.random().toString(36).slice(2, 8);
    try {
      const blobs = [];
      for (const side of SIDES) blobs.push(await getBlob(`listen/${side}.wav?take=${take}`));
      this.#player.load(blobs, this.#side);
      byId("player").hidden = false;
      setText(byId("listen-lead"), t("look.takes.switch"));
      setText(button, t("look.takes.again"));
    } catch (error) {
      setText(byId("listen-lead"), error.message);
      setText(button, t("look.takes.fetch"));
    }
    button.disabled = false;
  }
}
