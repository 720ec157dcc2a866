// Latency: the periods that the box and the interface exchange, and the latency from jack to jack, measured with a cable.

import { get } from "../../api.js";
import { el } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { field, fetched } from "../../setting_up/asking.js";
import { following } from "../../setting_up/following.js";
import { LatencyTest, result } from "../../setting_up/latency_test.js";
import { SettingsForm } from "../../setting_up/settings_form.js";
import { SoundCheck } from "../../setting_up/sound_check.js";
import { t } from "../../base/texts.js";

export const title = "audio.latency";
const RATES = [44100, 48000, 96000];
const PERIODS = [32, 64, 128, 256, 512, 1024];
const COUNTS = [2, 3, 4, 5, 6, 7, 8];

export function create({ connection, notices }, card) {
  const test = new LatencyTest(new SoundCheck(connection), notices);
  const form = new SettingsForm(notices);
  const frames = form.select("period_frames", Number);
  const periods = form.select("periods", Number);
  const rate = form.select("rate_hz", Number);
  const measured = el("div");

  card.body.append(form.said, el("section", { class: "group" }, measured, test.node),
    el("section", { class: "group" }, el("h3", {}, t("audio.buffer")),
      el("div", { class: "form-numbers" }, field("audio-frames", t("audio.period"), frames), field("audio-periods", t("audio.periods"), periods), field("audio-rate", t("audio.rate"), rate)),
      el("p", { class: "help" }, t("audio.period.help")), form.use));

  async function load() {
    const setup = await fetched(notices, () => get("setup"));
    if (!setup) return;
    measured.replaceChildren(...(setup.measured ? result(setup.measured) : []));
    const { audio } = setup;
    if (audio.state === "trying") return; // what was asked for stays in the form until the box has tried it
    form.offer("period_frames", PERIODS.map((n) => [n, t("audio.frames", { count: n, ms: number(n / 48, 1) })]), audio.period_frames);
    form.offer("periods", COUNTS.map((n) => [n, String(n)]), audio.periods);
    form.offer("rate_hz", RATES.map((hz) => [hz, t("audio.khz", { value: hz / 1000 })]), audio.rate_hz);
  }

  const section = following(connection, load, (news) => form.news(news));
  test.addEventListener("measured", load);
  test.addEventListener("stage", () => { measured.hidden = !test.idle; }); // the test shows its own result
  return {
    show: section.show,
    hide() {
      section.hide();
      test.stop();
    },
    status({ audio_alive: alive, latency_ms: value, latency_measured: sure }) {
      card.side(alive ? t(sure ? "audio.side.measured" : "audio.ms", { value: number(value, 1) }) : "");
    },
    forget() {
      section.forget();
      test.stop();
    },
  };
}
