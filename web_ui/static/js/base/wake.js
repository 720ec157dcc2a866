// Keeps the screen on. Over plain HTTP there is no navigator.wakeLock, but browsers keep the screen on while a video plays
// where it can be seen, and the three engines count a stream as one whatever its size and without sound: Blink
// (VideoWakeLock: "is_size_exempt"), Gecko (HTMLVideoElement: mSrcStream) and WebKit (shouldDisableSleep: media streams).
// So a canvas of two pixels, drawn once a second, plays as a stream in a corner.

import { el } from "./dom.js";

const KEY = "hushbox.awake";
const DRAW_MS = 1000;

export class Wake extends EventTarget {
  // Events: "changed". state: "off", "on", "waiting" (for a touch: some browsers want one), "cannot".
  state = "off";
  #lock = null;
  #video = null;
  #timer = 0;

  constructor() {
    super();
    document.addEventListener("visibilitychange", () => this.#go());
    document.addEventListener("pointerdown", () => this.state === "waiting" && this.#go());
    this.#go();
  }

  get wanted() {
    try {
      return localStorage.getItem(KEY) !== "no";
    } catch {
      return true;
    }
  }

  want(yes) {
    try {
      localStorage.setItem(KEY, yes ? "yes" : "no");
    } catch {
      // Then it holds until the page is closed.
    }
    this.#go(yes);
  }

  async #go(wanted = this.wanted) {
    if (!wanted || document.hidden) return this.#stop(wanted);
    try {
      if (navigator.wakeLock) this.#lock ??= await navigator.wakeLock.request("screen");
      else await this.#play();
      this.#say("on");
    } catch (error) {
      this.#say(error.name === "NotAllowedError" ? "waiting" : "cannot");
    }
  }

  async #play() {
    if (!this.#video) {
      const canvas = el("canvas", { width: 2, height: 2 });
      const context = canvas.getContext("2d");
      let dark = false;
      const draw = () => {
        dark = !dark;
        context.fillStyle = dark ? "#0e1012" : "#0e1013";
        context.fillRect(0, 0, 2, 2);
      };
      draw();
      this.#video = el("video", { class: "awake", muted: true, playsInline: true, "aria-hidden": "true", tabindex: "-1" });
      this.#video.srcObject = canvas.captureStream(1);
      document.body.append(this.#video);
      this.draw = draw;
    }
    clearInterval(this.#timer);
    this.#timer = setInterval(this.draw, DRAW_MS); // a stream without news would stall
    await this.#video.play();
  }

  #stop(wanted) {
    clearInterval(this.#timer);
    this.#video?.pause();
    this.#lock?.release().catch(() => {});
    this.#lock = null;
    if (!wanted) this.#say("off");
  }

  #say(state) {
    this.state = state;
    this.dispatchEvent(new Event("changed"));
  }
}
