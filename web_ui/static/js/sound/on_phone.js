// Hear it on this phone: one tap begins; holding the other key lets the untouched sound through, at equal loudness.
//
// One stream carries both, the untouched sound on the left and the processed on the right (live/both.mp3, about a second
// late). So the change is heard at once, and nothing changes at the box. It goes on while other views are in front.

import { getStream, Locked, Refusal } from "../api.js";
import { el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

const FADE_S = 0.015;

export class OnPhone extends EventTarget {
  // Events: "changed".
  words = ""; // what to say about it: waiting, why it failed
  idle = ""; // what to say while it is off and nothing failed: why there is something to hear
  before = false; // the untouched sound is heard
  #audio = null;
  #context = null;
  #sides = []; // gains: untouched, processed

  constructor({ connection }) {
    super();
    connection.addEventListener("state", ({ detail: { state } }) => {
      if (state !== "live") this.stop();
    });
    addEventListener("pagehide", () => this.stop());
  }

  get on() {
    return this.#audio !== null;
  }

  start() {
    // Within a tap: browsers let sound begin only there.
    if (this.on) return;
    const audio = new Audio(`/api/v1/live/both.mp3?at=${Date.now()}`);
    this.#audio = audio;
    this.before = false;
    this.#split(audio);
    audio.addEventListener("playing", () => this.#audio === audio && this.#say(t("play.phone.playing")));
    audio.addEventListener("waiting", () => this.#audio === audio && this.#say(t("look.live.waiting")));
    const failed = () => {
      if (this.#audio !== audio) return;
      this.stop();
      this.#explain();
    };
    audio.addEventListener("error", failed);
    audio.addEventListener("ended", failed);
    audio.play().catch((error) => error.name !== "AbortError" && failed());
    this.#say(t("look.live.waiting"));
  }

  stop() {
    if (!this.on) return;
    const audio = this.#audio;
    this.#audio = null;
    this.before = false;
    audio.pause();
    audio.removeAttribute("src"); // closes the stream: pausing alone would leave the box sending
    audio.load();
    this.#context.close();
    this.#say("");
  }

  about(idle) {
    if (this.idle === idle) return;
    this.idle = idle;
    this.#tell();
  }

  hearBefore(yes) {
    if (!this.on || this.before === yes) return;
    this.before = yes;
    const now = this.#context.currentTime;
    this.#sides.forEach((gain, side) => gain.gain.setTargetAtTime((side === 0) === yes ? 1 : 0, now, FADE_S / 3));
    this.#tell();
  }

  #split(audio) {
    // Each side goes to both ears.
    this.#context = new AudioContext();
    this.#context.resume();
    const splitter = this.#context.createChannelSplitter(2);
    this.#context.createMediaElementSource(audio).connect(splitter);
    this.#sides = [0, 1].map((side) => {
      const gain = new GainNode(this.#context, { gain: side, channelCount: 1, channelCountMode: "explicit" });
      splitter.connect(gain, side);
      gain.connect(this.#context.destination);
      return gain;
    });
  }

  async #explain() {
    // An <audio> does not say why it failed.
    const stop = new AbortController();
    let why = t("look.live.failed");
    try {
      await getStream("live/both.mp3", stop.signal);
      stop.abort();
    } catch (error) {
      if (error instanceof Refusal) why = error.message;
      if (error instanceof Locked) why = ""; // the page says so
    }
    if (!this.on) this.#say(why);
  }

  #say(words) {
    this.words = words;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}

export function onPhoneKeys(phone) {
  // The two keys and the line under them, for any place on the page.
  const start = el("button", { class: "plain strong", type: "button" });
  const hold = el("button", { class: "plain hold", type: "button" }, t("play.phone.hold"));
  const words = el("p", { class: "help", role: "status" });
  const press = (yes) => () => phone.hearBefore(yes);
  start.addEventListener("click", () => (phone.on ? phone.stop() : phone.start()));
  hold.addEventListener("pointerdown", (event) => {
    if (event.isTrusted) hold.setPointerCapture(event.pointerId); // the finger may slide off the key
    phone.hearBefore(true);
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) hold.addEventListener(end, press(false));
  hold.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is no menu here
  hold.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    phone.hearBefore(true);
  });
  hold.addEventListener("keyup", press(false));
  const root = el("div", { class: "on-phone" }, el("div", { class: "on-phone-keys" }, start, hold), words);
  const draw = () => {
    root.toggleAttribute("data-on", phone.on);
    root.toggleAttribute("data-idle", !phone.on && !phone.words);
    setText(start, t(phone.on ? "play.phone.stop" : "play.phone"));
    start.classList.toggle("strong", !phone.on);
    hold.hidden = !phone.on;
    hold.setAttribute("aria-pressed", String(phone.before));
    setText(hold, t(phone.before ? "play.phone.before" : "play.phone.hold"));
    setText(words, phone.words || (phone.on ? "" : phone.idle));
  };
  phone.addEventListener("changed", draw);
  draw();
  return root;
}
