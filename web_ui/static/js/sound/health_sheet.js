// The sheet behind the health chip: where the latency comes from, load, dropouts, temperature, and what runs.

import { opened } from "../base/dialog.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const UNKNOWN = "\u2013";
const LEAST_MS = 0.05; // a part below this is not listed
const COUNTS = ["xruns", "late_hops", "dry_hops"];

export class HealthSheet {
  #cells = new Map();

  constructor(box, closed) {
    this.parts = el("div", { class: "latency-bar", "aria-hidden": "true" });
    this.list = el("dl", { class: "figures" });
    const cells = ["load", "p99", "temperature", ...COUNTS].map((name) => {
      const value = el("dd", {}, UNKNOWN);
      this.#cells.set(name, value);
      return el("div", {}, el("dt", {}, t(`play.health.${name}`)), value);
    });
    this.total = el("p", { class: "latency-total" });
    this.runs = el("p", { class: "help" });
    const done = el("button", { class: "plain", type: "button" }, t("play.health.done"));
    const models = el("a", { class: "plain link-button", href: "#setup/models", "data-needs": "engineer" }, t("play.health.models"));
    const node = opened(t("play.health"), el("div", { class: "health" },
      this.total, this.parts, this.list, el("dl", { class: "readouts" }, ...cells), el("p", { class: "help" }, t("play.health.help")), this.runs,
      el("div", { class: "dialog-buttons" }, models, done)));
    node.classList.add("tall");
    models.addEventListener("click", () => node.close());
    done.addEventListener("click", () => node.close());
    node.addEventListener("close", closed);
  }

  show(now) {
    const alive = Boolean(now?.audio_alive);
    setText(this.total, alive ? t(now.latency_measured ? "play.health.measured" : "play.health.estimated", { ms: number(now.latency_ms, 1) }) : UNKNOWN);
    this.#draw(alive ? latencyParts(now) : []);
    const set = (name, text, trouble = false) => {
      setText(this.#cells.get(name), text);
      this.#cells.get(name).classList.toggle("trouble", trouble);
    };
    set("load", alive ? `${number(100 * now.load_mean, 0)} %` : UNKNOWN, alive && now.load_mean > 0.85);
    set("p99", alive ? `${number(100 * now.load_p99, 0)} %` : UNKNOWN, alive && now.load_p99 > 1);
    set("temperature", alive && now.temperature_c !== null ? `${number(now.temperature_c, 0)} \u00b0C` : UNKNOWN, alive && now.temperature_c >= 80);
    for (const name of COUNTS) set(name, alive ? String(now[name]) : UNKNOWN, alive && now[name] > 0);
    setText(this.runs, now ? runs(now) : "");
  }

  #draw(parts) {
    const shape = parts.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join();
    if (shape === this.shape) return;
    this.shape = shape;
    this.parts.replaceChildren(...parts.map(([name, ms]) => {
      const part = el("i", { class: name });
      part.style.flexGrow = ms;
      return part;
    }));
    this.list.replaceChildren(...parts.map(([name, ms]) =>
      el("div", { class: name }, el("dt", {}, t(`play.health.part.${name}`)), el("dd", {}, `${number(ms, 1)} ms`))));
  }
}

function latencyParts(now) {
  // [name, ms] of what the latency is made of; they add up to latency_ms.
  const buffers = now.rate_hz ? (1000 * now.periods * now.period_frames) / now.rate_hz : 0;
  const chain = now.chain_latency_frames / 48;
  const rest = now.latency_ms - chain - buffers; // converters, as far as they were measured; resampling
  return [["buffers", rest < 0 ? buffers + rest : buffers], ["chain", chain], [now.latency_measured ? "converters" : "resampling", rest]]
    .filter(([, ms]) => ms >= LEAST_MS);
}

function runs(now) {
  const format = now.rate_hz ? t("play.health.format", { khz: now.rate_hz / 1000, frames: now.period_frames, periods: now.periods }) : "";
  return [now.device, now.demo ? t("shell.demo") : "", format, now.bundle, now.shed].filter(Boolean).join(" \u00b7 ");
}
