// Presets and scenes: what is loaded and what has changed, the list in groups, and the way from scene A to scene B.

import { get, Locked, post, put, Refusal } from "../api.js";
import { slider } from "../base/controls.js";
import { ask, menu } from "../base/dialog.js";
import { byId, el, setText } from "../base/dom.js";
import { words } from "../base/format.js";
import { either, t } from "../base/texts.js";

const UNKNOWN = "\u2013";
const GROUPS = ["yours", "voice", "music"];
const SHOWN_CHANGES = 3; // of what a preset has changed

export function create({ connection, params, presets, notices, entry }) {
  let front = false;
  let chains = connection.told.status?.chains ?? null; // those that this box can play; null while unknown

  const refused = (error) => error instanceof Refusal && notices.say(error.message);
  const send = (path, body) => post(path, body).catch(refused);
  const known = () => presets.news !== null;

  // --- what is loaded ---

  function drawNow() {
    const current = presets.current;
    const differences = presets.differences();
    setText(byId("now-name"), known() ? current?.name ?? t("play.preset.none") : UNKNOWN);
    setText(byId("now-about"), aboutOf(current));
    setText(byId("now-change"), changedWords(current));
    setText(byId("now-state"), !differences ? "" : differences.length
      ? t(differences.length === 1 ? "presets.changed.one" : "presets.changed", { count: differences.length }) : t("presets.as_saved"));
    byId("now-state").classList.toggle("changed", Boolean(differences?.length));
    byId("now-differences").replaceChildren(...(differences ?? []).map(({ view, saved, now }) =>
      el("li", {}, el("span", {}, view.full), el("span", {}, `${words(view, saved)} \u2192 ${words(view, now)}`))));
    byId("preset-save").disabled = !known() || !current || current.factory || !differences?.length;
    byId("preset-save-as").disabled = !known();
    byId("preset-revert").disabled = !differences?.length;
    const undo = presets.news?.undo ?? "";
    byId("preset-undo").disabled = !undo;
    setText(byId("preset-undo"), undo ? t("presets.undo.what", { what: undo }) : t("presets.undo"));
    notices.set("presets", presets.problem, { warning: true });
  }

  const saveAs = () => ask(t("presets.save_as"), {
    value: presets.current && !presets.current.factory ? presets.current.name : "",
    label: t("presets.name"), save: t("presets.save"),
    then: (name) => post("presets/save", { name, about: "" }),
  });
  byId("preset-save").addEventListener("click", () => send("presets/save", { name: presets.current.name, about: "" }));
  byId("preset-save-as").addEventListener("click", saveAs);
  byId("preset-revert").addEventListener("click", () => send("presets/load", { name: presets.current.name }));
  byId("preset-undo").addEventListener("click", () => send("presets/undo", { undo: true }));

  function changedWords(current) {
    // "Noise reduction 18 → 24 dB, Low cut on": what loading it has changed, until something else changes the sound.
    const step = connection.told.undo?.newest;
    if (!current || step?.kind !== "preset" || step.name !== current.name) return "";
    const changes = step.changes.map((change) => ({ ...change, view: params.view(change.id) })).filter(({ view }) => view)
      .sort((a, b) => weight(b) - weight(a));
    if (!changes.length) return t("presets.loaded.same");
    const said = changes.slice(0, SHOWN_CHANGES).map(({ view, before, after }) => change(view, before, after)).join(", ");
    const rest = changes.length - SHOWN_CHANGES;
    return t(rest > 0 ? "presets.loaded.more" : "presets.loaded", { changes: said, count: rest });
  }

  // --- the list ---

  let drawn = "";
  function drawList() {
    const shape = JSON.stringify([known(), chains, presets.news?.current, presets.presets.map(({ name, about, factory }) => [name, about, factory])]);
    if (shape === drawn) return;
    drawn = shape;
    const focused = document.activeElement?.dataset?.preset;
    const hidden = presets.presets.filter((preset) => !possible(preset)).map(({ name }) => name);
    byId("preset-list").replaceChildren(...GROUPS.map(group), ...(hidden.length
      ? [el("p", { class: "help not-here" }, t("presets.not_here", { names: hidden.join(", ") }))] : []));
    if (focused) byId("preset-list").querySelector(`[data-preset="${CSS.escape(focused)}"]`)?.focus();
  }

  function group(name) {
    const members = presets.presets.filter((preset) => groupOf(preset) === name && possible(preset));
    if (!members.length && (name !== "yours" || !entry.offers("engineer"))) return "";
    return el("section", { class: "preset-group", "aria-labelledby": `presets-${name}` }, el("h3", { id: `presets-${name}` }, t(`presets.group.${name}`)),
      members.length ? el("ul", { class: "preset-list" }, ...members.map((preset, i) => row(preset, members[i - 1], members[i + 1]))) : el("p", { class: "help" }, t("presets.none_yet")));
  }

  function chainOf(preset) {
    const view = params.view("box.chain");
    return view ? view.choices[preset.params[view.id] ?? view.default] : "voice";
  }

  const groupOf = (preset) => (!preset.factory ? "yours" : chainOf(preset) === "voice" ? "voice" : "music");
  // What is loaded is shown, possible or not.
  const possible = (preset) => !chains || chains.includes(chainOf(preset)) || preset.name === presets.news?.current;

  function row(preset, before, behind) {
    const loaded = preset.name === presets.news?.current;
    const load = el("button", { class: "preset-load", type: "button", disabled: !known(), "aria-pressed": String(loaded) },
      el("strong", {}, preset.name), el("small", {}, aboutOf(preset)));
    load.dataset.preset = preset.name;
    load.addEventListener("click", () => send("presets/load", { name: preset.name }));
    const more = el("button", { class: "plain more-key", type: "button", "data-needs": "engineer", disabled: !known(), "aria-label": t("presets.more", { name: preset.name }) }, "\u22ef");
    more.addEventListener("click", () => open(preset, before, behind));
    return el("li", { class: loaded ? "preset loaded" : "preset" }, load, more);
  }

  function open(preset, before, behind) {
    // before, behind: its neighbours in the group.
    const { name, factory } = preset;
    menu(name, [
      before && [t("presets.up"), () => move(preset, before)],
      behind && [t("presets.down"), () => move(preset, behind)],
      [t("presets.duplicate"), () => send("presets/duplicate", { name })],
      !factory && [t("presets.rename"), () => ask(t("presets.rename"), {
        value: name, label: t("presets.name"), save: t("presets.rename"), then: (to) => post("presets/rename", { name, to }),
      })],
      [t("presets.export"), () => save(`presets/export?name=${encodeURIComponent(name)}`, `${name}.json`)],
      !factory && [t("presets.delete"), () => send("presets/delete", { name }), "danger"],
    ]);
  }

  function move(preset, neighbour) {
    // To the neighbour's place in the whole order.
    const names = presets.presets.map(({ name }) => name);
    names.splice(names.indexOf(neighbour.name), 0, ...names.splice(names.indexOf(preset.name), 1));
    put("presets/order", { names }).catch(refused);
  }

  async function save(path, name) {
    // The phone saves the box's answer as a file.
    try {
      const text = JSON.stringify(await get(path), null, 1);
      const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    } catch (error) {
      refused(error);
    }
  }

  byId("preset-export-all").addEventListener("click", () => save("presets/export", "hushbox-presets.json"));
  byId("preset-import").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    target.value = "";
    if (!file) return;
    try {
      const { form, presets: list } = JSON.parse(await file.text());
      const { taken_in: taken } = await post("presets/import", { form: form ?? "", presets: list ?? [] });
      notices.say(t("presets.imported", { names: taken.join(", ") }), { grave: false });
    } catch (error) {
      if (!(error instanceof Locked)) notices.say(error instanceof Refusal ? error.message : t("presets.no_file", { file: file.name }));
    }
  });

  // --- scenes ---

  function drawScenes() {
    for (const scene of ["A", "B"]) {
      const filled = Boolean(presets.news?.scenes[scene]);
      const recall = byId(`scene-${scene}`);
      recall.disabled = !filled;
      recall.setAttribute("aria-pressed", String(presets.news?.scene === scene));
      const keep = byId(`keep-${scene}`);
      keep.disabled = !known();
      setText(keep, t(filled ? "presets.scenes.overwrite" : "presets.scenes.keep", { scene }));
    }
    const both = presets.news?.scenes.A && presets.news?.scenes.B;
    byId("morph").hidden = !both;
    byId("morph-help").hidden = Boolean(both);
  }
  for (const scene of ["A", "B"]) {
    byId(`scene-${scene}`).addEventListener("click", () => send("scenes/recall", { scene }));
    byId(`keep-${scene}`).addEventListener("click", () => send("scenes/keep", { scene }));
  }

  function draw() {
    if (!front) return;
    drawNow();
    drawList();
    drawScenes();
  }
  presets.addEventListener("changed", draw);
  connection.addEventListener("undo", () => front && drawNow());

  return {
    rebuild() {
      const morph = params.view("scenes.morph");
      byId("morph").replaceChildren(...(morph ? [slider(params, morph)] : []));
      draw();
    },
    show() {
      front = true;
      draw();
    },
    hide() {
      front = false;
    },
    entry() {
      drawn = "";
      draw();
    },
    status(status) {
      if (String(status.chains) === String(chains)) return;
      chains = status.chains;
      if (front) drawList();
    },
  };
}

function weight({ view, before, after }) {
  // What is heard most comes first: the chain, then switches, then the longest ways.
  if (view.id === "box.chain") return 3;
  return view.choices.length ? 2 : Math.abs(after - before) / (view.high - view.low);
}

function change(view, before, after) {
  if (view.choices.length) return t("presets.loaded.choice", { label: view.full, now: words(view, after) });
  const unit = `\u00a0${view.unit}`;
  const from = words(view, before);
  return t("presets.loaded.value", { label: view.full, before: view.unit && from.endsWith(unit) ? from.slice(0, -unit.length) : from, now: words(view, after) });
}

const aboutOf = (preset) => (preset?.factory ? either(`box.preset.${preset.name}`, preset.about) : preset?.about ?? ""); // the box's own are English
