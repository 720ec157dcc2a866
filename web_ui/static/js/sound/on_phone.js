// Hear it on this phone: one tap begins; holding the other key lets the untouched sound through, at equal loudness.
//
// One stream carries both, the untouched sound on the left and the processed on the right (live/both.mp3, about a second
// late). So the change is heard at once, and nothing changes at the box. It goes on while other views are in front.

import { el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { Stream } from "./stream.js";

const FADE_S = 0.015;

export class OnPhone extends Stream {
  idle = ""; // what to say while it is off and nothing failed: why there is something to hear
  before = false; // the untouched sound is heard
  #context = null;
  #sides = []; // gains: untouched, processed

  constructor({ connection }) {
    super(connection);
  }

  start() {
    if (this.on) return;
    this.before = false;
    this.#split(super.start("both", t("play.phone.playing")));
  }

  stop() {
    if (!this.on) return;
    this.before = false;
    super.stop();
    this.#context.close();
  }

  about(idle) {
    if (this.idle === idle) return;
    this.idle = idle;
    this.changed();
  }

  hearBefore(yes) {
    if (!this.on || this.before === yes) return;
    this.before = yes;
    const now = this.#context.currentTime;
    this.#sides.forEach((gain, side) => gain.gain.setTargetAtTime((side === 0) === yes ? 1 : 0, now, FADE_S / 3));
    this.changed();
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
