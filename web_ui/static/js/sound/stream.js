// The box's sound on this phone: one stream, about a second late, which ends with the page and with the connection.

import { getStream, Locked, Refusal } from "../api.js";
import { t } from "../base/texts.js";

export class Stream extends EventTarget {
  // Events: "changed".
  words = ""; // what to say about it: waiting, why it failed
  #audio = null;

  constructor(connection) {
    super();
    connection.addEventListener("state", ({ detail: { state } }) => state !== "live" && this.stop());
    addEventListener("pagehide", () => this.stop());
  }

  get on() {
    return this.#audio !== null;
  }

  start(which, playing) {
    // Within a tap: browsers let sound begin only there. which: "output", "both", …; playing: what to say while it plays.
    // Returns the <audio>.
    const path = `live/${which}.mp3`;
    const audio = new Audio(`/api/v1/${path}?at=${Date.now()}`);
    this.#audio = audio;
    audio.addEventListener("playing", () => this.#audio === audio && this.say(playing));
    audio.addEventListener("waiting", () => this.#audio === audio && this.say(t("look.live.waiting")));
    const failed = () => {
      if (this.#audio !== audio) return;
      this.stop();
      this.#explain(path);
    };
    audio.addEventListener("error", failed);
    audio.addEventListener("ended", failed);
    audio.play().catch((error) => error.name !== "AbortError" && failed());
    this.say(t("look.live.waiting"));
    return audio;
  }

  stop() {
    if (!this.on) return;
    const audio = this.#audio;
    this.#audio = null;
    audio.pause();
    audio.removeAttribute("src"); // closes the stream: pausing alone would leave the box sending
    audio.load();
    this.say("");
  }

  say(words) {
    this.words = words;
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("changed"));
  }

  async #explain(path) {
    // An <audio> does not say why it failed.
    const stop = new AbortController();
    let why = t("look.live.failed");
    try {
      await getStream(path, stop.signal);
      stop.abort();
    } catch (error) {
      if (error instanceof Refusal) why = error.message;
      if (error instanceof Locked) why = ""; // the page says so
    }
    if (!this.on) this.say(why);
  }
}
