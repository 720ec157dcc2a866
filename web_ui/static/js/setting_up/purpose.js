// The wizard's first step: what is this box for? A tap sets preset, model and period, says why, and each can be changed.

import { get, post, put } from "../api.js";
import { el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";
import { onPhoneKeys } from "../sound/on_phone.js";
import { attempt, fetched, field, radios, select } from "./asking.js";

// preset: the factory's. models: the first of them that this box carries. shortest: take the shortest period that the box
// carries, because somebody hears the sound while making it; else a safe one.
const PURPOSES = {
  sing: { preset: "Singer live", models: ["denoise-instant", "denoise-live", "denoise-light"], runs: "voice", shortest: true },
  speak: { preset: "Podcast", models: ["denoise-studio", "denoise-live", "denoise-light"], runs: "voice", shortest: false },
  practise: { preset: "Karaoke", models: ["stems-live", "stems-light"], runs: "music", shortest: false },
  both: { preset: "Voice over music", models: ["denoise-live", "denoise-light"], runs: "voice", shortest: false },
};
const OWN = "own"; // I know my way
const PERIODS = [32, 64, 128, 256]; // frames
const SAFE_FRAMES = 256;
const SHORTEST_FRAMES = 64; // shorter ones are for those who ask for them
const MEASURE_MS = 40000;
const LOOK_MS = 500;

export function purpose({ connection, notices, phone, presets, skip }) {
  const chosen = el("div", { class: "form", hidden: true, "aria-live": "polite" });
  let turn = 0; // of the last tap: an earlier one ends when another was made

  const choose = async (name) => {
    if (name === OWN) return skip();
    const mine = ++turn;
    const still = () => mine === turn;
    chosen.hidden = false;
    chosen.replaceChildren(el("p", { class: "help" }, t("wizard.purpose.setting")));
    const found = await apply(PURPOSES[name], notices, still, (words) => still() && setText(chosen.firstChild, words));
    if (!still()) return;
    chosen.hidden = !found; // the box refused: the warning line says why
    if (found) chosen.replaceChildren(...shown(name, found));
  };

  const shown = (name, { setup, models, model }) => {
    const parts = [el("p", { class: "lead" }, t(`wizard.purpose.${name}.set`))];
    const list = select(presets.presets.map(({ name: each }) => [each, each]), PURPOSES[name].preset);
    list.addEventListener("change", () => attempt(notices, () => post("presets/load", { name: list.value })));
    parts.push(field("purpose-preset", t("wizard.purpose.preset"), list, t(`wizard.purpose.${name}.preset`)));
    const others = models.filter(({ runs, why_not: why }) => runs === PURPOSES[name].runs && !why);
    if (model) {
      const pick = select(others.map(({ name: each, latency_ms: late }) => [each, t("wizard.purpose.model.line", { name: each, ms: number(late, 1) })]), model.name);
      pick.disabled = others.length < 2;
      pick.addEventListener("change", () => attempt(notices, () => put("models/use", { name: pick.value })));
      parts.push(field("purpose-model", t("wizard.purpose.model"), pick, modelWhy(name, model)));
    }
    const { period_frames: now, periods, fixed } = setup.audio;
    const period = select([...new Set([...PERIODS, now])].sort((a, b) => a - b).map((frames) => [frames, t("wizard.latency.periods", { frames, count: periods, ms: number((frames * periods) / 48, 1) })]), now);
    period.disabled = fixed.includes("period_frames");
    period.addEventListener("change", () => attempt(notices, () => put("setup/audio", { changes: { period_frames: Number(period.value) } })));
    parts.push(field("purpose-period", t("wizard.purpose.period"), period, t(PURPOSES[name].shortest ? "wizard.purpose.period.short" : "wizard.purpose.period.safe")));
    if (connection.told.status?.demo) parts.push(el("p", { class: "lead" }, t("wizard.purpose.demo")), onPhoneKeys(phone));
    return parts;
  };

  return {
    node: el("div", { class: "form purpose" }, el("p", { class: "lead" }, t("wizard.purpose.lead")),
      radios(t("wizard.purpose"), [...Object.keys(PURPOSES), OWN].map((name) => [name, el("span", { class: "row-words" },
        el("strong", {}, t(`wizard.purpose.${name}`)), el("small", {}, t(`wizard.purpose.${name}.help`)))]), "", choose), chosen),
    leave() {
      turn++;
    },
  };
}

function modelWhy(name, model) {
  const load = model.load ? Math.round(100 * model.load.p99) : null;
  return [t(`wizard.purpose.${name}.model`), load === null ? "" : t("wizard.purpose.model.load", { load })].filter(Boolean).join(" ");
}

async function apply({ preset, models: wanted, runs, shortest }, notices, still, say) {
  // Set preset, then model, then period. Resolves to what is in force then, {setup, models, model}; null when the box refused.
  if ((await attempt(notices, () => post("presets/load", { name: preset }))) === null || !still()) return null;
  let answer = await fetched(notices, () => get("models"));
  if (!answer || !still()) return null;
  const named = (name) => answer.models.find((card) => card.name === name);
  for (const name of wanted) {
    const card = named(name);
    if (!card || card.why_not || !still()) continue;
    if (card.in_use) break;
    if (!(await carried(card, notices, still, say))) continue;
    await attempt(notices, () => put("models/use", { name }));
    break;
  }
  let setup = await fetched(notices, () => get("setup"));
  if (!setup || !still()) return null;
  const frames = shortest ? shortestCarried(setup.carries, setup.audio.period_frames) : SAFE_FRAMES;
  if (frames !== setup.audio.period_frames && !setup.audio.fixed.includes("period_frames")) {
    await attempt(notices, () => put("setup/audio", { changes: { period_frames: frames } }));
    setup = { ...setup, audio: { ...setup.audio, period_frames: frames } };
  }
  answer = (await fetched(notices, () => get("models"))) ?? answer;
  const model = answer.models.find((card) => card.runs === runs && card.in_use) ?? null;
  return { setup, models: answer.models, model };
}

function shortestCarried(carries, now) {
  const fitting = carries.filter(({ fits, period_frames: frames }) => fits && frames >= SHORTEST_FRAMES);
  return fitting.length ? Math.min(now, ...fitting.map(({ period_frames: frames }) => frames)) : now;
}

async function carried(card, notices, still, say) {
  // Whether this box carries the model; measured now where that is not known.
  if (card.load) return card.load.fits;
  say(t("wizard.purpose.measuring", { name: card.name }));
  if ((await attempt(notices, () => put("models/measure", { name: card.name }))) === null) return false;
  for (const until = Date.now() + MEASURE_MS; Date.now() < until && still();) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const work = await attempt(notices, () => get("models/work"));
    if (!work || work.doing) continue;
    const answer = await fetched(notices, () => get("models"));
    return Boolean(answer?.models.find(({ name }) => name === card.name)?.load?.fits);
  }
  return false;
}
