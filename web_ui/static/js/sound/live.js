// The box's sound on this phone: a stream about a second late, which goes on while other views are in front.

import { getStream, Refusal } from "../api.js";
import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

const WHICH = ["output", "untouched", "removed"];

export class Live {
  #audio = null;
  #which = "output";

  constructor({ connection, notices }) {
    this.notices = notices;
    this.key = byId("live-key");
    this.key.addEventListener("click", () => (this.#audio ? this.stop() : this.#start()));
    for (const which of WHICH) {
      const input = el("input", { type: "radio", name: "live", value: which, checked: which === this.#which });
      input.addEventListener("change", () => this.#choose(which));
      byId("live-choice").append(el("label", {}, input, el("span", {}, t(`look.live.${which}`))));
    }
    connection.addEventListener("state", ({ detail: { state } }) => {
      this.key.disabled = state !== "live";
      if (state !== "live") this.stop();
    });
    this.key.disabled = connection.state !== "live";
    addEventListener("pagehide", () => this.stop());
    this.#draw("");
  }

  stop() {
    if (!this.#audio) return;
    const audio = this.#audio;
    this.#audio = null;
    audio.pause();
    audio.removeAttribute("src"); // closes the stream: pausing alone would leave the box sending
    audio.load();
    this.#draw("");
  }

  #choose(which) {
    this.#which = which;
    if (!this.#audio) return;
    this.stop();
    this.#start();
  }

  #start() {
    const audio = new Audio(`/api/v1/live/${this.#which}.mp3?at=${Date.now()}`);
    this.#audio = audio;
    audio.addEventListener("playing", () => this.#audio === audio && this.#draw(t("look.live.playing")));
    audio.addEventListener("waiting", () => this.#audio === audio && this.#draw(t("look.live.waiting")));
    const failed = () => {
      if (this.#audio !== audio) return;
      this.stop();
      this.#explain();
    };
    audio.addEventListener("error", failed);
    audio.addEventListener("ended", failed);
    audio.play().catch((error) => error.name !== "AbortError" && failed());
    this.#draw(t("look.live.waiting"));
  }

  async #explain() {
    // An <audio> does not say why it failed.
    const stop = new AbortController();
    let why = t("look.live.failed");
    try {
      await getStream(`live/${this.#which}.mp3`, stop.signal);
      stop.abort();
    } catch (error) {
      if (error instanceof Refusal) why = error.message;
    }
    if (!this.#audio) this.#draw(why);
  }

  #draw(words) {
    const on = this.#audio !== null;
    setText(this.key, t(on ? "look.live.stop" : "look.live.start"));
    this.key.classList.toggle("strong", on);
    setText(byId("live-words"), words);
    this.notices.set("live", on ? t("look.live.notice", { which: t(`look.live.${this.#which}`) }) : "");
  }
}
