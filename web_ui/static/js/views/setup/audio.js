// The audio interface: which one, which of its inputs and outputs, its periods, and the measured latency from jack to jack.

import { get, put } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { attempt, button, fetched, field, select } from "../../setting_up/asking.js";
import { InterfaceList } from "../../setting_up/interface_list.js";
import { LatencyTest, result } from "../../setting_up/latency_test.js";
import { SoundCheck } from "../../setting_up/sound_check.js";
import { t } from "../../base/texts.js";

export const title = "audio.title";
const RATES = [44100, 48000, 96000];
const PERIODS = [32, 64, 128, 256, 512, 1024];

export function create({ connection, notices }, card) {
  const list = new InterfaceList(notices);
  const test = new LatencyTest(new SoundCheck(connection), notices);
  const said = el("p", { class: "said", role: "status", hidden: true });
  const form = el("div", { class: "form" });
  const measured = el("div");
  let shown = false;
  let revision = 0;

  card.body.append(said, list.node, el("section", { class: "group" }, el("h3", {}, t("audio.settings")), form),
    el("section", { class: "group" }, el("h3", {}, t("audio.latency")), measured, test.node));

  async function load() {
    const setup = await fetched(notices, () => get("setup"));
    if (!setup) return;
    draw(setup.audio);
    measured.replaceChildren(...(setup.measured ? result(setup.measured) : []));
    list.load(setup.audio.device);
  }

  function draw(audio) {
    const channels = (count) => [...Array(Math.max(count, 2)).keys()].map((n) => n + 1);
    const pairs = (count) => channels(count).slice(0, -1).filter((n) => n % 2).map((n) => [`${n},${n + 1}`, t("audio.pair", { a: n, b: n + 1 })]);
    const singles = (count) => channels(count).map((n) => [String(n), String(n)]);
    const inputs = select([...singles(audio.device_inputs), ...pairs(audio.device_inputs)], audio.input_channels.join());
    const music = select([["", t("audio.music.none")], ...singles(audio.device_inputs), ...pairs(audio.device_inputs)], audio.music_channels.join());
    const outputs = select([...pairs(audio.device_outputs), ...singles(audio.device_outputs)], audio.output_channels.join());
    const rate = select(RATES.map((hz) => [hz, t("audio.khz", { value: hz / 1000 })]), audio.rate_hz);
    const frames = select(PERIODS.map((n) => [n, t("audio.frames", { count: n, ms: (n / 48).toFixed(1) })]), audio.period_frames);
    const periods = select([2, 3, 4, 5, 6, 7, 8].map((n) => [n, String(n)]), audio.periods);
    const numbers = (text) => (text ? text.split(",").map(Number) : []);
    const use = button(t("audio.use"), () => attempt(notices, () => put("setup/audio", { changes: {
      input_channels: numbers(inputs.value), music_channels: numbers(music.value), output_channels: numbers(outputs.value),
      rate_hz: Number(rate.value), period_frames: Number(frames.value), periods: Number(periods.value),
    } })), { strong: true });
    form.replaceChildren(field("audio-inputs", t("audio.inputs"), inputs), field("audio-music", t("audio.music"), music, t("audio.music.help")),
      field("audio-outputs", t("audio.outputs"), outputs),
      el("div", { class: "form-numbers" }, field("audio-frames", t("audio.period"), frames), field("audio-periods", t("audio.periods"), periods), field("audio-rate", t("audio.rate"), rate)),
      el("p", { class: "help" }, t("audio.period.help")), use);
  }

  function news({ revision: now, audio_state: state, audio_reason: reason }) {
    said.hidden = state === "settled";
    said.classList.toggle("trouble", state === "refused");
    setText(said, state === "trying" ? t("audio.trying") : state === "refused" ? t("audio.refused", { reason }) : "");
    if (now === revision) return;
    revision = now;
    if (shown) load();
  }

  connection.addEventListener("setup", ({ detail }) => news(detail));
  test.addEventListener("measured", load);
  test.addEventListener("stage", () => { measured.hidden = !test.idle; }); // the test shows its own result
  return {
    show() {
      shown = true;
      if (connection.told.setup) news(connection.told.setup);
      load();
    },
    hide() {
      shown = false;
      test.stop();
    },
    status(status) {
      card.side(status.demo ? t("audio.demo") : status.device.replace(/ \([^()]*\)$/, ""));
    },
    forget() {
      revision = 0;
      test.stop();
    },
  };
}
