// Measures the latency from jack to jack: the outputs go silent, the user connects an output to an input with a cable, the
// box plays a short noise. Shows the result, or what prevents it.

import { el } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";
import { attempt, button, ms } from "./asking.js";

export class LatencyTest extends EventTarget {
  // Events: "measured", "stage".
  #stage = "idle"; // "idle", "cable", "measuring", "done"

  constructor(check, notices) {
    super();
    this.check = check;
    this.notices = notices;
    this.node = el("div", { class: "latency-test", "aria-live": "polite" });
    check.addEventListener("news", () => this.#news());
    check.addEventListener("refused", ({ detail }) => this.#stage !== "idle" && (notices.say(detail), this.stop()));
    this.#draw();
  }

  get idle() {
    return this.#stage === "idle";
  }

  stop() {
    if (this.#stage === "idle") return;
    this.#stage = "idle";
    this.check.end();
    this.#draw();
  }

  #begin() {
    this.#stage = "cable";
    this.check.begin();
    this.#draw();
  }

  async #measure() {
    this.#stage = "measuring";
    this.#draw();
    if ((await attempt(this.notices, () => this.check.measure())) === null && this.#stage === "measuring") {
      this.#stage = "cable";
      this.#draw();
    }
  }

  #news() {
    if (this.#stage === "cable") this.#ready();
    if (this.#stage !== "measuring" || !this.check.now.result || this.check.now.state === "measuring") return;
    this.#stage = "done";
    this.#draw();
    this.dispatchEvent(new Event("measured"));
  }

  #ready() {
    // The button works once the outputs are silent.
    if (this.start) this.start.disabled = this.check.now.state !== "listening";
  }

  #draw() {
    this.dispatchEvent(new Event("stage"));
    this.node.classList.toggle("at-work", !this.idle);
    this.start = null;
    this.node.replaceChildren(...{
      idle: () => [el("p", { class: "help" }, t("audio.test.what")), button(t("audio.test.begin"), () => this.#begin())],
      cable: () => {
        this.start = button(t("audio.test.measure"), () => this.#measure(), { strong: true });
        this.#ready();
        return [
          el("p", { class: "said" }, t("audio.test.silent")),
          el("ol", { class: "steps" }, el("li", {}, t("audio.test.headphones")), el("li", {}, t("audio.test.cable")), el("li", {}, t("audio.test.press"))),
          el("div", { class: "pair" }, button(t("audio.test.cancel"), () => this.stop()), this.start),
        ];
      },
      measuring: () => [el("p", { class: "listening" }, el("span", { class: "pulse" }), t("audio.test.measuring"))],
      done: () => [...result(this.check.now.result),
        el("div", { class: "pair" }, button(t("audio.test.again"), () => this.#measure()),
        button(t("audio.test.done"), () => this.stop(), { strong: true }))],
    }[this.#stage]());
  }
}

export function result(found) {
  // The result of a measurement, as elements.
  if (found.fault) return [el("p", { class: "said trouble" }, t(`audio.fault.${found.fault}`))];
  const parts = [el("p", { class: "big-number" }, ms(found.total_ms)), el("p", { class: "help" }, t("audio.jack_to_jack")),
    el("p", { class: "help" }, t("audio.parts", { interface: number(found.interface_ms, 1), box: number(found.box_ms, 1) }))];
  if (found.inverted) parts.push(el("p", { class: "said" }, t("audio.inverted")));
  return parts;
}
