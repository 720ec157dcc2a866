// Listen on this phone: one of three streams, which goes on while other views are in front.

import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { Stream } from "./stream.js";

const WHICH = ["output", "untouched", "removed"];

export class Live {
  #which = "output";

  constructor({ connection, notices }) {
    this.notices = notices;
    this.stream = new Stream(connection);
    this.stream.addEventListener("changed", () => this.#draw());
    this.key = byId("live-key");
    this.key.addEventListener("click", () => (this.stream.on ? this.stream.stop() : this.#start()));
    for (const which of WHICH) {
      const input = el("input", { type: "radio", name: "live", value: which, checked: which === this.#which });
      input.addEventListener("change", () => this.#choose(which));
      byId("live-choice").append(el("label", {}, input, el("span", {}, t(`look.live.${which}`))));
    }
    connection.addEventListener("state", ({ detail: { state } }) => { this.key.disabled = state !== "live"; });
    this.key.disabled = connection.state !== "live";
    this.#draw();
  }

  #choose(which) {
    const on = this.stream.on;
    this.stream.stop();
    this.#which = which;
    if (on) this.#start();
  }

  #start() {
    this.stream.start(this.#which, t("look.live.playing"));
  }

  #draw() {
    const { on, words } = this.stream;
    setText(this.key, t(on ? "look.live.stop" : "look.live.start"));
    this.key.classList.toggle("strong", on);
    setText(byId("live-words"), words);
    this.notices.set("live", on ? t("look.live.notice", { which: t(`look.live.${this.#which}`) }) : "");
  }
}
