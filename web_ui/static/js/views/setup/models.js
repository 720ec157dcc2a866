// The installed models as cards: what each is best for, what it costs here, which one plays. One tap uses another one, and
// two of them can be tried on what came in last.

import { get, put } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { markdown } from "../../base/markdown.js";
import { number } from "../../base/format.js";
import { attempt, button, fetched } from "../../setting_up/asking.js";
import { following } from "../../setting_up/following.js";
import { TryOut } from "../../setting_up/try_out.js";
import { t } from "../../base/texts.js";

const LOOK_MS = 400; // at work that is under way
const SOUNDS = ["voice", "music"];

export const title = "models.title";

export function create({ connection, notices }, card) {
  const running = el("p", { class: "help", role: "status" });
  const groups = el("div", { class: "model-groups" });
  const tryOut = new TryOut();
  card.body.append(running, groups);
  let view = { models: [], work: { doing: "", models: [], why: "", tried: null } };
  let tried = ""; // the model whose card has the try-out
  let looking = false;

  async function load() {
    const answer = await fetched(notices, () => get("models"));
    if (!answer) return;
    view = answer;
    draw();
    if (view.work.doing) look();
  }

  function draw() {
    const focused = document.activeElement?.id;
    groups.replaceChildren(...SOUNDS.map((sound) => [sound, view.models.filter(({ runs }) => runs === sound)])
      .filter(([, models]) => models.length).map(([sound, models]) => el("section", { class: "model-group", "aria-labelledby": `models-${sound}` },
        el("h3", { id: `models-${sound}` }, t(`models.for.${sound}`)), ...ordered(models).map((model) => drawn(model, models)))));
    if (!view.models.length) groups.append(el("p", { class: "lead" }, t("models.none")));
    if (focused?.startsWith("model-")) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  function drawn(model, models) {
    const { name } = model;
    const used = models.find(({ in_use: now }) => now);
    const { work } = view;
    const busy = work.doing !== "" && work.models.includes(name);
    const use = model.in_use
      ? el("span", { class: "in-use" }, t("models.in_use"))
      : named(button(t("models.use"), () => choose(name), { strong: true }), `model-use-${name}`, t("models.use.what", { name }), Boolean(model.why_not));
    const measure = named(button(t(model.load ? "models.measure.again" : "models.measure"), () => begin("models/measure", { name }), { small: true }),
      `model-measure-${name}`, t("models.measure.what", { name }), work.doing !== "");
    const beside = used && !model.in_use
      ? [named(button(t("models.try", { name: used.name }), () => begin("models/try", { first: used.name, second: name }, name), {}),
        `model-try-${name}`, t("models.try.what", { name, other: used.name }), work.doing !== "")]
      : [];
    const said = busy ? t(work.doing === "try" ? "models.trying" : "models.measuring") : work.models.at(-1) === name && work.why ? work.why : model.why_not;
    return el("article", { class: `model ${model.in_use ? "used" : ""}`.trim(), "aria-labelledby": `model-${name}` },
      el("div", { class: "model-head" }, el("h4", { id: `model-${name}` }, name), use, el("p", { class: "lead" }, model.best_for || model.summary)),
      el("dl", { class: "model-facts" },
        fact(t("models.delay"), t("models.ms", { value: number(model.latency_ms, 1) }), ""),
        fact(t("models.load"), model.load ? t("models.percent", { value: number(100 * model.load.p99, 0) }) : "\u2013", loadWords(model), measure)),
      ...(model.scores.length ? [el("ul", { class: "scores" }, ...model.scores.map((score) => el("li", {}, score)))] : []),
      ...beside, ...(tried === name ? [tryOut.node] : []),
      el("p", { class: "said", hidden: !said }, said), details(model));
  }

  async function choose(name) {
    const answer = await attempt(notices, () => put("models/use", { name }));
    if (!answer) return;
    notices.say(answer.problem || t("models.used", { name }), { grave: Boolean(answer.problem) });
    await load();
  }

  async function begin(path, body, forCard = "") {
    const work = await attempt(notices, () => put(path, body));
    if (!work) return;
    if (forCard) {
      tried = "";
      tryOut.stop();
    }
    view.work = work;
    draw();
    await look(forCard);
  }

  async function look(forCard = "") {
    // Until the work is done; then its result is shown.
    if (looking) return;
    looking = true;
    try {
      do {
        await new Promise((done) => setTimeout(done, LOOK_MS));
        view.work = await get("models/work");
      } while (view.work.doing && section.shown);
      if (!section.shown) return;
      if (forCard && !view.work.why) {
        await tryOut.load(view.work.tried);
        tried = forCard;
      }
      await load();
    } catch {
      // The connection reports it; the section loads again when it is shown.
    } finally {
      looking = false;
    }
  }

  const section = following(connection, load); // somebody else may have chosen another one
  return {
    show: section.show,
    hide() {
      section.hide();
      tryOut.pause();
    },
    forget: section.forget,
    status(status) {
      card.side(status.bundle);
      setText(running, status.bundle ? t("models.running", { name: status.bundle, load: number(100 * status.load_p99, 0) }) : "");
    },
  };
}

const ordered = (models) => [...models].sort((a, b) => Number(b.in_use) - Number(a.in_use));

function named(key, id, label, disabled) {
  key.id = id;
  key.setAttribute("aria-label", label);
  key.disabled = disabled;
  return key;
}

function fact(name, value, help, ...more) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value), ...(help ? [el("dd", { class: "help" }, help)] : []), ...more.map((part) => el("dd", { class: "key" }, part)));
}

function loadWords({ load }) {
  if (!load) return t("models.load.unknown");
  const at = new Date(1000 * load.at_s);
  const today = at.toDateString() === new Date().toDateString();
  const when = today
    ? at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" })
    : at.toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "short", year: "numeric" });
  return t(load.fits ? "models.load.fits" : "models.load.too_much", { frames: load.period_frames, when });
}

function details(model) {
  const facts = el("dl", { class: "facts" }, ...[
    [t("models.version"), model.version],
    [t("models.size"), t("models.size.words", { parameters: number(model.parameters / 1e6, 1), megabytes: number(model.size_bytes / 1e6, 1) })],
    [t("models.licence"), model.licence],
    ...(model.chosen ? [[t("models.chosen"), t(model.chosen.fits ? "models.chosen.fits" : "models.chosen.nearest", {
      frames: model.chosen.period_frames, load: number(100 * model.chosen.load_p99, 0) })]] : []),
  ].map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  const sources = el("ul", { class: "sources" }, ...model.trained_on.map(({ name, licence, what }) =>
    el("li", {}, el("strong", {}, name), ` ${what} `, el("span", { class: "licence" }, licence))));
  const fold = (words, ...parts) => el("details", { class: "whole-card" }, el("summary", {}, words), ...parts);
  return el("div", { class: "model-details" }, fold(t("models.trained", { count: model.trained_on.length }), sources),
    fold(t("models.card"), facts, ...(model.card ? [markdown(model.card)] : [])));
}
