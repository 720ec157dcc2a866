// The first-run wizard: from what the box is for to sound, one step at a time. You can leave it, continue, skip steps and
// run it again. Who is no owner gets the steps that he may do. The first visit of a fresh box opens it (main.js); whoever leaves it then is not asked again. On a box that
// has no owner yet it begins with pairing; the link that the box shows has done that already.

import { get, put } from "../../api.js";
import { el } from "../../base/dom.js";
import { asksFor } from "../../setting_up/country.js";
import { STEPS, roleOf } from "../../setting_up/steps.js";
import { attempt, button, fetched } from "../../setting_up/asking.js";
import { SoundCheck } from "../../setting_up/sound_check.js";
import { t } from "../../base/texts.js";
import { waysIn } from "../../pairing/ways_in.js";

export const title = "wizard.title";
export const needs = ""; // an engineer, and everybody while there is no owner
export const open = true;

const FIRST_VISIT = "#setup/wizard";

export function create(box, card) {
  const { connection, notices, entry } = box;
  const check = new SoundCheck(connection);
  let wizard = null; // as the box sent it
  let step = null; // {name, node, leave}
  let running = false;
  let ways = null; // to become the owner
  let revision = 0;

  const mine = () => entry.may("engineer") || !entry.claimed;

  async function load() {
    card.hidden(!mine());
    if (!mine()) return;
    if (!entry.may("engineer")) return drawPairing();
    const asked = ways !== null;
    ways?.stop();
    ways = null;
    const setup = await fetched(notices, () => get("setup"));
    if (!setup) return;
    const networks = entry.may("owner") && (await fetched(notices, () => get("network")));
    const steps = setup.wizard.steps.filter((each) => entry.may(roleOf(each)) && (each !== "country" || (networks && asksFor(networks))));
    // Another phone may have stopped at a step that this one does not have: go on with the next that it has.
    const rest = setup.wizard.steps.slice(setup.wizard.steps.indexOf(setup.wizard.step));
    wizard = { ...setup.wizard, steps, step: rest.find((each) => steps.includes(each)) ?? steps.at(-1) };
    if (running) return;
    if ((asked && wizard.state === "new") || (wizard.first && location.hash === FIRST_VISIT)) run(wizard.steps[0]);
    else drawInvitation();
  }

  function drawPairing() {
    card.only(location.hash === FIRST_VISIT ? ["wizard"] : null);
    if (ways) return;
    ways = waysIn(entry, { said: entry.refusal, done() {} });
    const later = button(t("wizard.not_now"), () => { location.hash = "#play"; });
    card.body.replaceChildren(el("h3", { class: "step-title", tabIndex: -1 }, t("pair.title")), el("p", { class: "lead" }, t("pair.fresh")), ways.node,
      el("div", { class: "form way" }, later));
  }

  function drawInvitation() {
    const { state, step: at, steps } = wizard;
    card.only(null);
    card.open(state === "new" || state === "begun");
    card.side(state === "done" ? t("wizard.side.done") : state === "begun" ? t("wizard.side.begun", { at: steps.indexOf(at) + 1, of: steps.length }) : "");
    const words = { new: "wizard.start", begun: "wizard.go_on", skipped: "wizard.start", done: "wizard.again" }[state];
    const buttons = [button(t(words), () => run(state === "begun" ? at : steps[0]), { strong: state !== "done" })];
    if (state === "new") buttons.unshift(button(t("wizard.not_now"), () => remember("skipped", steps[0])));
    if (state === "begun") buttons.unshift(button(t("wizard.from_start"), () => run(steps[0])));
    card.body.replaceChildren(el("p", { class: "lead" }, t(state === "done" ? "wizard.lead.done" : "wizard.lead")),
      el("div", { class: buttons.length > 1 ? "pair" : "form" }, ...buttons));
  }

  async function remember(state, name) {
    wizard = { ...wizard, state, step: name, first: false };
    await attempt(notices, () => put("setup/wizard", { state, step: name }));
    if (!running) drawInvitation();
  }

  function run(name) {
    running = true;
    card.open(true);
    go(name);
  }

  async function go(name) {
    step?.leave?.();
    const steps = wizard.steps;
    const at = steps.indexOf(name);
    const last = at === steps.length - 1;
    await remember("begun", name);
    step = { name, ...STEPS[name]({ ...box, check, next: () => last ? finish() : go(steps[at + 1]), skip }) };
    card.only(["wizard", ...(step.beside ?? [])]);
    card.side(t("wizard.side.begun", { at: at + 1, of: steps.length }));
    const heading = el("h3", { class: "step-title", tabIndex: -1 }, t(`wizard.${name}`));
    const ahead = button(t(last ? "wizard.finish" : "wizard.next"), async () => {
      ahead.disabled = true;
      const good = (await step.done?.()) ?? true;
      ahead.disabled = false;
      if (good) last ? finish() : go(steps[at + 1]);
    }, { strong: true });
    const dots = el("ol", { class: "dots", "aria-hidden": "true" }, ...steps.map((_, n) => el("li", { class: n === at ? "now" : n < at ? "past" : "" })));
    card.body.replaceChildren(dots, heading, step.node,
      el("div", { class: "pair" }, button(t(at ? "wizard.back" : "wizard.not_now"), () => at ? go(steps[at - 1]) : skip()), ahead),
      el("div", { class: "wizard-exits" }, ...(at ? [button(t("wizard.leave"), leave, { small: true })] : []),
        ...(last || !at ? [] : [button(t("wizard.skip"), () => go(steps[at + 1]), { small: true })])));
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  async function skip() {
    stop();
    await remember("skipped", wizard.steps[0]);
    location.hash = "#play";
  }

  function leave() {
    stop();
    drawInvitation();
  }

  function stop() {
    running = false;
    step?.leave?.();
    step = null;
    check.end();
  }

  async function finish() {
    stop();
    await remember("done", wizard.steps.at(-1));
    location.hash = "#play";
  }

  connection.addEventListener("setup", ({ detail }) => {
    step?.news?.(detail);
    if (detail.revision === revision) return;
    revision = detail.revision;
    if (!running && entry.may("engineer")) load();
  });
  card.hidden(!mine());
  return {
    entry() {
      if (running && !wizard.steps.every((each) => entry.may(roleOf(each)))) stop();
      if (!running) load();
    },
    show() {
      if (!running) load();
      else step?.show?.();
    },
    hide() {
      step?.leave?.(); // the sound comes back while the wizard is hidden; the step continues when it is shown again
    },
    status: (status) => step?.status?.(status),
    forget: () => step?.forget?.(),
  };
}
