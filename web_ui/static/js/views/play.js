// Play: all that a player needs while playing: preset, levels, bypass, mute, amount, stems, A/B, and the box's status.

import { Compare } from "../sound/compare.js";
import { choice, slider, toggle } from "../base/controls.js";
import { dial } from "../base/dial.js";
import { byId, el, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { Meters } from "../base/meters.js";
import { PresetBar } from "../box/preset_bar.js";
import { onPhoneKeys } from "../sound/on_phone.js";
import { Stems } from "../sound/stems.js";
import { t } from "../base/texts.js";

const GROUPS = { denoise: "play.group.denoise", box: "play.group.box", input: "play.group.levels", output: "play.group.levels", voice: "play.group.levels", music: "play.group.levels" };
const ORDER = ["play.group.denoise", "play.group.box", "play.group.levels"];
const ELSEWHERE = ["box.match_db", "scenes.morph"]; // A/B owns the first; the second is on Presets
const UNKNOWN = "\u2013";
const READOUTS = ["latency", "load", "temperature", "xruns", "late-hops", "dry-hops"];

export function create(box) {
  const { params } = box;
  const meters = new Meters();
  const stems = new Stems();
  const compare = new Compare(box);
  new PresetBar(box);
  byId("on-phone").append(onPhoneKeys(box.phone));

  function rebuild() {
    const bypass = params.named("bypass");
    const mute = params.named("mute");
    const amount = params.named("amount");
    if (bypass) toggle(params, bypass, fresh("bypass"), showBypass);
    if (mute) toggle(params, mute, fresh("mute"), showMute);
    byId("mute").hidden = !mute;
    byId("amount").replaceChildren(...(amount ? [dial(params, amount)] : []));
    const shown = [bypass, mute, amount, ...stems.rebuild(params)];
    drawMore(params, params.views.filter((view) => !shown.includes(view) && !ELSEWHERE.includes(view.id)));
    compare.rebuild();
  }

  function status(now) {
    meters.show(now, document.body.dataset.bypass === "on");
    stems.show(now.stems_db);
    byId("on-phone").hidden = !now.demo && !box.phone.on;
    const alive = now.audio_alive;
    setText(byId("latency"), alive ? number(now.latency_ms, 1) : UNKNOWN);
    setText(byId("load"), alive ? number(100 * now.load_p99, 0) : UNKNOWN);
    setText(byId("temperature"), now.temperature_c === null ? UNKNOWN : number(now.temperature_c, 0));
    for (const [id, count] of [["xruns", now.xruns], ["late-hops", now.late_hops], ["dry-hops", now.dry_hops]]) {
      setText(byId(id), String(count));
      byId(id).classList.toggle("trouble", count > 0);
    }
  }

  function forget() {
    meters.forget();
    stems.forget();
    compare.forget();
    for (const id of READOUTS) setText(byId(id), UNKNOWN);
  }

  return { rebuild, status, forget, show: () => compare.show(), hide: () => compare.hide() };
}

function fresh(id) {
  // The same button without its old listeners.
  const button = byId(id);
  const copy = button.cloneNode(true);
  button.replaceWith(copy);
  return copy;
}

function showBypass(on) {
  const state = on === null ? "unknown" : on ? "on" : "off";
  document.body.dataset.bypass = state;
  setText(byId("bypass-state"), on === null ? UNKNOWN : t(`play.bypass.${state}`));
  setText(byId("bypass-hint"), t(on === null ? "shell.unknown" : `play.bypass.${state}.hint`));
}

function showMute(on) {
  setText(byId("mute"), t(on ? "play.muted" : "play.mute"));
}

function drawMore(params, views) {
  const groups = new Map();
  for (const view of views) {
    const prefix = view.id.split(".")[0];
    const title = GROUPS[prefix] ?? prefix;
    groups.set(title, [...(groups.get(title) ?? []), view]);
  }
  const rank = (title) => (ORDER.includes(title) ? ORDER.indexOf(title) : ORDER.length);
  const titles = [...groups.keys()].sort((a, b) => rank(a) - rank(b));
  byId("more-groups").replaceChildren(
    ...titles.map((title) => el("section", { class: "group" }, el("h3", {}, titled(title)), ...groups.get(title).map(
      (view) => (view.choices.length ? choice(params, view) : slider(params, view))))),
  );
  byId("more").hidden = views.length === 0;
}

function titled(title) {
  return title.includes(".") ? t(title) : title[0].toUpperCase() + title.slice(1);
}
