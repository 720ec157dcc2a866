// Play: all that a player needs while playing: chain, preset, levels, bypass, what is heard, amount or stems, mute, record, keep, scenes.

import { choice, slider } from "../base/controls.js";
import { dial } from "../base/dial.js";
import { byId, el } from "../base/dom.js";
import { Meters } from "../base/meters.js";
import { onLongPress } from "../base/press.js";
import { onPhoneKeys } from "../sound/on_phone.js";
import { t } from "../base/texts.js";
import { PresetBar } from "../box/preset_bar.js";
import { ChainRow, stageName } from "../sound/chain_row.js";
import { Chains } from "../sound/chains.js";
import { Hear } from "../sound/hear.js";
import { keyboard } from "../sound/keyboard.js";
import { RecordKeys } from "../sound/record_keys.js";
import { SceneKeys } from "../sound/scenes.js";
import { Stages } from "../sound/stages.js";
import { State } from "../sound/state.js";
import { Stems } from "../sound/stems.js";
import { Undo } from "../sound/undo.js";

const GROUPS = { denoise: "play.group.denoise", box: "play.group.box", input: "play.group.levels", output: "play.group.levels", voice: "play.group.levels", music: "play.group.levels" };
const ORDER = ["play.group.denoise", "play.group.box", "play.group.levels"];
const ELSEWHERE = ["box.match_db", "scenes.morph", "denoise.listen"]; // the switch under bypass and the scenes own these
const WIDE = matchMedia("(min-width: 1180px) and (min-height: 560px)");

export function create(box) {
  const { params } = box;
  const menu = async (view) => {
    try {
      const { openMenu } = await import("../sound/control_menu.js");
      if (view) openMenu(box, view);
    } catch (error) {
      box.notices.say(t("shell.view_failed", { why: error.message })); // the box is away
    }
  };
  const offer = (node, view) => onLongPress(node, () => menu(view));
  const meters = new Meters();
  const state = new State(params);
  const stems = new Stems(offer);
  const hear = new Hear(box);
  const chains = new Chains(params);
  const recorder = new RecordKeys(box);
  const scenes = new SceneKeys(box);
  const undo = new Undo(box);
  const bar = new PresetBar(box);
  const stages = new Stages(box);
  const row = new ChainRow(stages, openStage);
  let sheet = null; // of a stage
  let amount = null;
  let front = false;
  let beside = null;

  byId("on-phone").append(onPhoneKeys(box.phone));
  onLongPress(byId("bypass"), () => menu(state.bypass));
  onLongPress(byId("mute"), () => menu(state.muting));

  async function openStage(name) {
    try {
      const room = () => openStage("room");
      if (name === "room") sheet = (await import("../stages/room.js")).openRoom(box);
      else sheet = (await import("../stages/sheet.js")).openStage(box, stages, name, { menu: offer, room });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      box.notices.say(t("shell.view_failed", { why: error.message })); // the box is away
    }
  }

  stages.addEventListener("changed", () => {
    state.alone = stages.alone && stages.alone !== "denoise" ? { stage: stageName(stages.alone), end: () => stages.hearAll() } : null;
  });

  function rebuild() {
    state.rebuild();
    amount = params.view("denoise.amount_db") ?? params.named("amount") ?? null;
    byId("amount").replaceChildren(...(amount ? [dial(params, amount)] : []));
    if (amount) offer(byId("amount").querySelector(".dial"), amount);
    const shown = [state.bypass, state.muting, amount, ...chains.rebuild(), ...stems.rebuild(params), ...stages.rebuild()];
    sheet?.node.close(); // what it watches has ended
    drawMore(params, params.views.filter((view) => !shown.includes(view) && !ELSEWHERE.includes(view.id)), offer);
    hear.rebuild();
    scenes.rebuild();
  }

  const look = async () => {
    const wanted = () => front && WIDE.matches && !document.hidden && box.entry.may("engineer");
    if (wanted() && !beside) beside = new (await import("../sound/beside.js")).Beside();
    beside?.go(wanted());
  };
  WIDE.addEventListener("change", look);
  document.addEventListener("visibilitychange", look);

  keyboard({
    bypass: () => state.toggleBypass(), mute: () => state.mute(), undo: () => undo.newest(), hear: (side) => hear.choose(side),
    amount: (by) => amount && params.value(amount.id) !== null && params.set(amount.id, Math.min(Math.max(params.value(amount.id) + by, amount.low), amount.high)),
    step: (by) => bar.step(by), preset: (number) => bar.load(number), record: () => recorder.record(), keep: () => recorder.keep(),
  }, () => front);

  function status(now) {
    meters.show(now, document.body.dataset.bypass === "on");
    byId("on-phone").hidden = !now.demo && !box.phone.on;
    box.phone.about(now.demo && now.calm ? now.message : "");
    chains.show(now);
    stages.now = now.stages;
    row.show(now.stages);
    if (sheet?.open) sheet.show();
    stems.show(now.stems_db, now.silent_stems);
    state.show(now, hear.hint());
  }

  function forget() {
    meters.forget();
    stems.forget();
    hear.forget();
    state.forget();
    recorder.forget();
    stages.now = [];
    row.forget();
    if (sheet?.open) sheet.forget();
    beside?.forget();
  }

  function show() {
    front = true;
    hear.show();
    look();
  }

  function hide() {
    front = false;
    hear.hide();
    look();
  }

  return { rebuild, status, forget, show, hide, entry: look };
}

function drawMore(params, views, offer) {
  const groups = new Map();
  for (const view of views) {
    const prefix = view.id.split(".")[0];
    const title = GROUPS[prefix] ?? prefix;
    groups.set(title, [...(groups.get(title) ?? []), view]);
  }
  const rank = (title) => (ORDER.includes(title) ? ORDER.indexOf(title) : ORDER.length);
  const titles = [...groups.keys()].sort((a, b) => rank(a) - rank(b));
  const control = (view) => {
    const node = view.choices.length ? choice(params, view) : slider(params, view);
    offer(node, view);
    return node;
  };
  byId("more-groups").replaceChildren(...titles.map((title) => el("section", { class: "group" }, el("h3", {}, titled(title)), ...groups.get(title).map(control))));
  byId("more").hidden = views.length === 0;
}

function titled(title) {
  return title.includes(".") ? t(title) : title[0].toUpperCase() + title.slice(1);
}
