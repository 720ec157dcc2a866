// The health chip at the top of every view: latency and a word, green, amber or red. It opens the sheet with the figures.

import { byId, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { either, t } from "../base/texts.js";
import { HealthSheet } from "./health_sheet.js"; // with the page: it has to open when the box is away

const RECENT_MS = 10000; // a dropout is told for this long
const BUSY = 0.85; // of the deadline, mean: where the box begins to leave work out
const HOT_C = 80;

export class Health {
  #status = null;
  #link = "connecting";
  #counts = null;
  #droppedAt = -Infinity;
  #sheet = null;
  #ending = "";

  constructor(box) {
    byId("health").addEventListener("click", () => {
      this.#sheet = new HealthSheet(box, () => (this.#sheet = null));
      this.#sheet.show(this.#status);
    });
  }

  show(status) {
    const counts = status.xruns + status.late_hops + status.dry_hops;
    if (this.#counts !== null && counts > this.#counts) this.#droppedAt = performance.now();
    this.#counts = counts;
    this.#status = status;
    this.#draw();
    this.#sheet?.show(status);
  }

  link(state) {
    // "connecting", "live" or "lost"
    this.#link = state;
    if (state === "lost") this.#status = null;
    this.#draw();
    this.#sheet?.show(this.#status);
  }

  ends(how) {
    // Somebody asked for it: "restart" or "power off". Until "" silence is no trouble.
    this.#ending = how;
    this.#draw();
  }

  #draw() {
    const [level, words] = this.#verdict();
    byId("health").dataset.level = level;
    setText(byId("link-text"), words);
  }

  #verdict() {
    const now = this.#status;
    if (this.#ending) return ["wait", t(`shell.link.${this.#ending}`)];
    if (this.#link !== "live" || !now) return [this.#link === "lost" ? "bad" : "wait", t(`shell.link.${this.#link}`)];
    if (!now.audio_alive && now.calm) return ["wait", t("shell.link.starting")];
    if (!now.audio_alive) return ["bad", t("shell.link.audio_down")];
    if (now.state !== "running") return ["busy", t(`shell.link.${now.state}`)];
    if (now.output === "overloaded") return ["bad", t("shell.health.overloaded")];
    if (now.output === "model off" || now.safe_mode) return ["bad", t("shell.health.model_off")];
    if (now.shed) return ["busy", either(`shell.health.shed.${now.shed}`, t("shell.health.busy"))];
    if (performance.now() - this.#droppedAt < RECENT_MS) return ["busy", t("shell.health.dropouts")];
    if (now.temperature_c >= HOT_C) return ["busy", t("shell.health.hot", { degrees: number(now.temperature_c, 0) })];
    if (now.load_mean > BUSY) return ["busy", t("shell.health.load", { load: number(100 * now.load_mean, 0) })];
    return ["good", t(now.demo ? "shell.health.demo" : "shell.health.good", { ms: number(now.latency_ms, 1) })];
  }
}
