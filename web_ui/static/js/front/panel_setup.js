// Front panel set-up: mappings, controls and wiring.

import { get, post, Refusal } from "../api.js";
import { CalibrateSheet } from "./calibrate_sheet.js";
import { ControlSheet } from "./control_sheet.js";
import { el } from "../base/dom.js";
import { headerPins } from "./header_pins.js";
import { mapSheet } from "./map_sheet.js";
import { t } from "../base/texts.js";

const SEARCH_FROM = 6; // mappings; so few are seen at once
const GROUPS = ["preset", "always", "others"];
const OWN = /^(denoise|stems|voice|music)\./; // parameters that only some presets use

export class PanelSetup {
  #body;
  #setup = null;
  #shown = false;
  #revision = 0;
  #loading = false;
  #loaded = undefined; // the preset whose mappings come first

  constructor(box, say, card) {
    // card: where it is drawn (views/setup.js)
    const { presets } = box; // PresetsStore: what the loaded one uses comes first
    this.presets = presets;
    this.say = say;
    this.card = card;
    this.#body = card.body;
    this.sheet = mapSheet(box);
    this.adding = new ControlSheet();
    this.calibrating = new CalibrateSheet();
    this.search = el("input", { class: "pick", type: "search", autocomplete: "off", placeholder: t("panel.search"), "aria-label": t("panel.search") });
    this.search.addEventListener("input", () => this.#list());
    this.list = el("div", { class: "form" });
    presets.addEventListener("changed", () => this.#shown && this.#setup && this.#loaded !== presets.current?.name && this.#list());
    for (const sheet of [this.sheet, this.adding, this.calibrating]) sheet.addEventListener("saved", () => this.#load());
  }

  show() {
    this.#shown = true;
    this.#load();
  }

  hide() {
    this.#shown = false;
  }

  learning(view) {
    if (view.revision !== this.#revision) {
      this.#revision = view.revision;
      if (this.#shown) this.#load();
    }
  }

  forget() {
    // An open sheet stays, because a weak Wi-Fi comes back. Only calibration closes: the box must be there to hear the pedal.
    this.#revision = 0;
    this.calibrating.close();
  }

  glance(setup) {
    this.card.side(t("setup.panel.mapped", { count: setup.mappings.filter(({ off }) => !off).length }));
  }

  async #load() {
    if (this.#loading) return;
    this.#loading = true;
    try {
      this.#setup = await get("panel/setup");
      this.#revision = this.#setup.revision;
      this.#draw();
    } catch (error) {
      if (error instanceof Refusal) this.say(error.message);
    }
    this.#loading = false;
  }

  #draw() {
    const setup = this.#setup;
    const scroll = scrollY;
    this.glance(setup);
    const active = document.activeElement === this.search;
    this.#list();
    this.#body.replaceChildren(
      ...setup.problems.map((text) => el("p", { class: "notice" }, text)),
      el("section", { class: "group" }, el("h3", {}, t("panel.mappings")),
        ...(setup.mappings.length > SEARCH_FROM ? [this.search] : []), this.list, this.#button(t("panel.map"), () => this.sheet.open(setup), "strong")),
      el("section", { class: "group" }, el("h3", {}, t("panel.controls")), this.#controls(), this.#button(t("panel.control.add"), () => this.adding.open(setup))),
      el("section", { class: "group" }, el("h3", {}, t("panel.wiring")), ...(setup.header.length ? [headerPins(setup.header)] : []),
        el("p", { class: "help" }, setup.board), ...setup.ports.map((text) => el("p", { class: "help" }, text)),
        el("a", { class: "plain link-button", href: "/wiring" }, t("panel.wiring.sheet"))),
    );
    if (active) this.search.focus({ preventScroll: true });
    scrollTo({ top: scroll });
  }

  #list() {
    // The mappings in groups: those of the loaded preset first.
    const { mappings } = this.#setup;
    const wanted = this.search.value.trim().toLowerCase();
    const found = mappings.filter(({ where, how, does }) => `${where} ${how} ${does}`.toLowerCase().includes(wanted));
    const preset = this.presets.current;
    this.#loaded = preset?.name;
    const groups = Object.groupBy?.(found, (mapping) => groupOf(mapping, preset)) ?? { always: found };
    const shown = GROUPS.filter((group) => groups[group]);
    this.list.replaceChildren(...(found.length
      ? shown.flatMap((group) => [
        ...(shown.length > 1 ? [el("h4", { class: "rows-title" }, t(`panel.mappings.${group}`, { preset: preset?.name }))] : []),
        el("ul", { class: "rows" }, ...groups[group].map((mapping) => this.#mapping(mapping)))])
      : [el("p", { class: "help" }, t(mappings.length ? "panel.search.none" : "panel.mappings.none"))]));
  }

  #mapping(mapping) {
    const { where, how, does, off, key, origin } = mapping;
    const buttons = off
      ? [this.#small(t("panel.restore"), () => this.#do("panel/restore", { key: `mapping ${key}` }), `${where}, ${how}`)]
      : [this.#small(t("panel.change"), () => this.sheet.open(this.#setup, mapping), `${where}, ${how}`),
        this.#small(t("panel.remove"), () => this.#do("panel/mappings/remove", { key }), `${where}, ${how}`)];
    return row(off, [el("strong", {}, does), el("span", {}, `${where}, ${how}`), tag(origin, off)], buttons);
  }

  #controls() {
    return el("ul", { class: "rows" }, ...this.#setup.controls.map(({ name, label, kind, place, shows, off, origin }) => {
      const button = off
        ? this.#small(t("panel.restore"), () => this.#do("panel/restore", { key: `control ${name}` }), label)
        : this.#small(t("panel.remove"), () => this.#do("panel/controls/remove", { name }), label);
      return row(off, [el("strong", {}, label), el("span", {}, shows ? t("panel.shows", { place, shows }) : place), tag(origin, off)],
        kind === "pedals" && !off ? [this.#small(t("panel.pedal"), () => this.calibrating.open(name, label), label), button] : [button]);
    }));
  }

  async #do(path, body) {
    try {
      await post(path, body);
      await this.#load();
    } catch (error) {
      if (error instanceof Refusal) this.say(error.message);
    }
  }

  #button(text, then, more = "") {
    const button = el("button", { class: `plain ${more}`.trim(), type: "button" }, text);
    button.addEventListener("click", then);
    return button;
  }

  #small(text, then, what) {
    const button = this.#button(text, then, "small");
    button.setAttribute("aria-label", `${text}: ${what}`);
    return button;
  }
}

const row = (off, words, buttons) =>
  el("li", { class: off ? "row off" : "row" }, el("div", { class: "row-words" }, ...words), el("div", { class: "row-buttons" }, ...buttons));

const tag = (origin, off) => el("small", {}, off ? t("panel.removed") : origin === "page" ? t("panel.set_here") : "");

function groupOf({ action }, preset) {
  if (!action.param || !preset) return "always";
  if (action.param in preset.params) return "preset";
  return OWN.test(action.param) ? "others" : "always";
}
