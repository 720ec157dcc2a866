// The wizard's steps. Each is a function of the box {connection, params, notices, phone, presets, check, next, skip} that returns
// {node, done(), leave(), show(), news(event), status(status), beside}, where all but node may be left out:
//
//   done     "Next" was pressed: apply the step; resolves to false to stay
//   leave    the step or the page goes away: end the silence and the test sound
//   beside   sections of Set up to show under the wizard during this step

import { get, put } from "../api.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";
import { attempt, button, fetched, field, radios } from "./asking.js";
import { CountryField } from "./country.js";
import { InterfaceList } from "./interface_list.js";
import { LatencyTest, result } from "./latency_test.js";
import { LevelBar, ZONE_DB } from "./level_bar.js";
import { MixerControls } from "./mixer_controls.js";
import { PinForm } from "./pin_form.js";
import { purpose } from "./purpose.js";

const SPEEDS = [[32, 3], [64, 3], [128, 2], [128, 3], [256, 3]]; // period_frames, periods: from the fastest to the safest
const PATIENCE_MS = 20000;

export const STEPS = { purpose, interface: interfaceStep, microphone, level, latency, switches, name, country, pin, sound };
const OWNERS = ["name", "country", "pin"];

/** The role that a step needs. */
export const roleOf = (step) => (OWNERS.includes(step) ? "owner" : "engineer");

function interfaceStep({ connection, notices }) {
  const list = new InterfaceList(notices);
  const said = el("p", { class: "said", role: "status", hidden: true });
  let revision = 0;
  const load = async () => {
    const setup = await fetched(notices, () => get("setup"));
    if (setup) list.load(setup.audio.device);
  };
  load();
  return {
    node: el("div", { class: "form" }, el("p", { class: "lead" }, t("wizard.interface.lead")), said, list.node),
    news(news) {
      trial(said, news);
      if (news.revision !== revision) load();
      revision = news.revision;
    },
    done: () => settled(connection),
  };
}

function microphone({ connection, notices, check }) {
  const rows = el("div", { class: "form" });
  const said = el("p", { class: "said" }, t("wizard.microphone.silent"));
  let bars = [];
  let chosen = "";
  const look = () => {
    const levels = check.now.inputs_db;
    if (levels.length && levels.length !== bars.length) {
      bars = levels.map(() => new LevelBar());
      const options = bars.map((bar, n) => [String(n + 1), el("span", { class: "input-line" }, t("wizard.microphone.input", { number: n + 1 }), bar.node)]);
      const pairs = bars.slice(0, -1).map((_, n) => n + 1).filter((n) => n % 2).map((n) => [`${n},${n + 1}`, t("audio.pair", { a: n, b: n + 1 })]);
      rows.replaceChildren(radios(t("wizard.microphone"), [...options, ...pairs], chosen, (value) => { chosen = value; }));
    }
    levels.forEach((db, n) => bars[n]?.show(db));
  };
  const start = async () => {
    const setup = await fetched(notices, () => get("setup"));
    if (setup) chosen = setup.audio.input_channels.join();
    check.begin();
  };
  check.addEventListener("news", look);
  start();
  return {
    node: el("div", { class: "form" }, el("p", { class: "lead" }, t("wizard.microphone.lead")), said, rows),
    show: () => check.begin(),
    leave() {
      check.end();
    },
    async done() {
      await check.end();
      if (!chosen) return true;
      const inputs = chosen.split(",").map(Number);
      const changes = { input_channels: inputs };
      const setup = await fetched(notices, () => get("setup"));
      if (!setup || setup.audio.input_channels.join() === chosen || connection.told.status?.demo) return Boolean(setup);
      if ((await attempt(notices, () => put("setup/audio", { changes }))) === null) return false;
      return settled(connection, notices);
    },
  };
}

function level({ notices, check }) {
  const bar = new LevelBar({ zone: true });
  const verdict = el("p", { class: "verdict", role: "status" }, t("wizard.level.sing"));
  const mixer = new MixerControls(notices, { only: "input" });
  let columns = [0];
  let loudest = -120;
  const look = () => {
    const db = Math.max(...columns.map((n) => check.now.inputs_db[n] ?? -120));
    if (!check.now.inputs_db.length) return;
    bar.show(db);
    loudest = Math.max(loudest - 0.02, db); // decays slowly, so that turning the gain down shows
    const key = bar.highest > ZONE_DB[1] ? "loud" : bar.highest >= ZONE_DB[0] ? "good" : loudest > -50 ? "quiet" : "sing";
    verdict.dataset.verdict = key;
    setText(verdict, t(`wizard.level.${key}`));
  };
  check.addEventListener("news", look);
  fetched(notices, () => get("setup")).then((setup) => { if (setup) columns = setup.audio.input_channels.map((n) => n - 1); });
  check.begin();
  mixer.show();
  return {
    node: el("div", { class: "form" }, el("p", { class: "lead" }, t("wizard.level.lead")), bar.node, verdict, mixer.node),
    show() {
      check.begin();
      mixer.show();
    },
    leave() {
      mixer.hide();
      check.end();
    },
  };
}

function latency({ connection, notices, check }) {
  const test = new LatencyTest(check, notices);
  const said = el("p", { class: "said", role: "status", hidden: true });
  const measured = el("div");
  const choices = el("div");
  let revision = 0;
  const load = async () => {
    const setup = await fetched(notices, () => get("setup"));
    if (!setup) return;
    const { period_frames, periods } = setup.audio;
    const options = SPEEDS.map(([frames, count], n) => [`${frames}x${count}`, el("span", { class: "row-words" },
      el("strong", {}, t(`wizard.latency.speed.${n}`)), el("small", {}, t("wizard.latency.periods", { frames, count, ms: number((frames * count) / 48, 1) }), carried(setup.carries, frames)))]);
    choices.replaceChildren(radios(t("wizard.latency"), options, `${period_frames}x${periods}`, (value) => {
      const [frames, count] = value.split("x").map(Number);
      return attempt(notices, () => put("setup/audio", { changes: { period_frames: frames, periods: count } }));
    }));
    measured.replaceChildren(...(setup.measured ? result(setup.measured) : []));
  };
  load();
  test.addEventListener("measured", load);
  test.addEventListener("stage", () => { measured.hidden = choices.hidden = !test.idle; }); // one thing at a time
  return {
    node: el("div", { class: "form" }, el("p", { class: "lead" }, t("wizard.latency.lead")), said, choices, measured, test.node),
    news(news) {
      trial(said, news);
      if (news.revision !== revision) load();
      revision = news.revision;
    },
    leave: () => test.stop(),
    done: () => settled(connection),
  };
}

/** What was measured of the model at this period on this box, as a sentence; empty when nothing was. */
function carried(carries, frames) {
  const found = carries.find((each) => each.period_frames === frames);
  if (!found) return "";
  const words = { spare: Math.round(100 * (1 - found.load_p99)), load: Math.round(100 * found.load_p99) };
  return ` ${t(found.fits ? "wizard.latency.carried" : "wizard.latency.too_much", words)}`;
}

function switches() {
  return { node: el("p", { class: "lead" }, t("wizard.switches.lead")), beside: ["front", "panel"] };
}

function name({ notices }) {
  const input = el("input", { class: "pick", type: "text", maxLength: 40, autocomplete: "off" });
  fetched(notices, () => get("setup")).then((setup) => { if (setup) input.value = setup.name; });
  return {
    node: field("wizard-name", t("pin.name"), input, t("pin.name.help")),
    async done() {
      if ((await attempt(notices, () => put("setup/name", { name: input.value }))) === null) return false;
      document.querySelector("h1").textContent = document.title = input.value.trim();
      return true;
    },
  };
}

function country({ notices }) {
  const node = el("div", { class: "form" }, el("p", { class: "lead" }, t("wizard.country.lead")));
  let asked = null;
  fetched(notices, () => get("network")).then((networks) => {
    if (!networks) return;
    asked = new CountryField("wizard-country", networks);
    node.append(asked.node);
  });
  return { node, done: async () => asked === null || asked.say(notices) };
}

function pin({ notices }) {
  const form = new PinForm(notices);
  const lead = el("p", { class: "lead" }, t("wizard.pin.lead"));
  form.load();
  fetched(notices, () => get("setup")).then((setup) => { if (setup?.simulated) setText(lead, t("wizard.pin.simulated")); });
  return { node: el("div", { class: "form" }, lead, form.node) };
}

function sound({ params }) {
  const bar = new LevelBar();
  const verdict = el("p", { class: "verdict", role: "status" }, "");
  const unmute = button(t("wizard.sound.unmute"), () => params.set(params.named("mute").id, 0));
  unmute.hidden = true;
  return {
    node: el("div", { class: "form" }, el("p", { class: "lead" }, t("wizard.sound.lead")),
      el("span", { class: "input-line" }, t("wizard.sound.output"), bar.node), verdict, unmute),
    status(status) {
      const out = Math.max(-120, ...status.outputs.map(({ peak_db }) => peak_db));
      bar.show(out);
      const muted = params.named("mute") && params.value(params.named("mute").id) >= 0.5;
      unmute.hidden = !muted;
      const key = status.state !== "running" ? "waiting" : muted ? "muted" : bar.highest > -60 ? "good" : "silent";
      verdict.dataset.verdict = key;
      setText(verdict, t(`wizard.sound.${key}`));
    },
  };
}

function trial(said, { audio_state: state, audio_reason: reason }) {
  said.hidden = state === "settled";
  said.classList.toggle("trouble", state === "refused");
  setText(said, state === "trying" ? t("audio.trying") : state === "refused" ? t("audio.refused", { reason }) : "");
}

function settled(connection, notices) {
  // Wait until the settings being tried are in force, or refused (then the previous ones are). Then Next may go on.
  return new Promise((resolve) => {
    const end = (good) => {
      clearTimeout(timer);
      connection.removeEventListener("setup", look);
      resolve(good);
    };
    const look = () => {
      const news = connection.told.setup;
      if (!news || news.audio_state === "trying") return;
      if (news.audio_state === "refused" && notices) notices.say(t("audio.refused", { reason: news.audio_reason }));
      end(!(news.audio_state === "refused" && notices));
    };
    const timer = setTimeout(() => end(true), PATIENCE_MS);
    connection.addEventListener("setup", look);
    setTimeout(look, 150); // by then the box reports what was just requested
  });
}
