// The audio interface: which one, which of its inputs carry the voice and the music, and where the sound goes.

import { get } from "../../api.js";
import { el } from "../../base/dom.js";
import { field, fetched } from "../../setting_up/asking.js";
import { following } from "../../setting_up/following.js";
import { InterfaceList } from "../../setting_up/interface_list.js";
import { SettingsForm } from "../../setting_up/settings_form.js";
import { t } from "../../base/texts.js";

export const title = "audio.title";

const numbers = (text) => (text ? text.split(",").map(Number) : []);

export function create({ connection, notices }, card) {
  const list = new InterfaceList(notices);
  const form = new SettingsForm(notices);
  const inputs = form.select("input_channels", numbers);
  const music = form.select("music_channels", numbers);
  const outputs = form.select("output_channels", numbers);
  const capture = form.select("capture_device");
  const playback = form.select("playback_device");
  const two = el("details", { class: "form-rest" }, el("summary", {}, t("audio.two")), el("p", { class: "help" }, t("audio.two.help")),
    field("audio-capture", t("audio.capture"), capture), field("audio-playback", t("audio.playback"), playback));

  card.body.append(form.said, list.node,
    el("section", { class: "group" }, el("h3", {}, t("audio.channels.title")),
      field("audio-inputs", t("audio.inputs"), inputs), field("audio-music", t("audio.music"), music, t("audio.music.help")),
      field("audio-outputs", t("audio.outputs"), outputs), two, form.use));

  async function load() {
    const setup = await fetched(notices, () => get("setup"));
    if (!setup || setup.audio.state === "trying") return; // the end of the trial is news again
    offer(setup.audio);
    const interfaces = await list.load(setup.audio.device);
    if (!interfaces) return;
    const there = (count) => [["", t("audio.two.same")], ...interfaces.filter((view) => view.usable && view.device !== "demo" && view[count])
      .map((view) => [view.device, view.name])];
    form.offer("capture_device", there("inputs"), setup.audio.capture_device);
    form.offer("playback_device", there("outputs"), setup.audio.playback_device);
    two.open ||= Boolean(setup.audio.capture_device || setup.audio.playback_device);
  }

  function offer(audio) {
    const channels = (count) => [...Array(Math.max(count, 2)).keys()].map((n) => n + 1);
    const pairs = (count) => channels(count).slice(0, -1).filter((n) => n % 2).map((n) => [`${n},${n + 1}`, t("audio.pair", { a: n, b: n + 1 })]);
    const singles = (count) => channels(count).map((n) => [String(n), t("audio.single", { number: n })]);
    form.offer("input_channels", [...singles(audio.device_inputs), ...pairs(audio.device_inputs)], audio.input_channels.join());
    form.offer("music_channels", [["", t("audio.music.none")], ...singles(audio.device_inputs), ...pairs(audio.device_inputs)], audio.music_channels.join());
    form.offer("output_channels", [...pairs(audio.device_outputs), ...singles(audio.device_outputs)], audio.output_channels.join());
  }

  return {
    ...following(connection, load, (news) => form.news(news)),
    status(status) {
      const name = status.demo ? t("audio.demo") : status.device.replace(/ \([^()]*\)$/, "");
      card.side(name || t("audio.side.none"), !name);
    },
  };
}
