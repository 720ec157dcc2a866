// The form that chooses a gesture's action: one list of everything, then how, then the numbers. Makes the action for the box.

import { el } from "../base/dom.js";
import { step, words } from "../base/format.js";
import { t } from "../base/texts.js";
import { stageName } from "../sound/chain_row.js";

const SWITCHES = ["box.bypass", "box.mute", "box.freeze"];
const PANICS = ["panic", "held"];
const SOLO = "chain.solo"; // one stage alone: a switch for each, and a choice among them all

export class ActionForm extends EventTarget {
  // Events: "change". action: the tree as it stands.
  #params;
  #setup;
  #groups = [];

  constructor(params) {
    super();
    this.#params = params;
    this.what = el("select", { class: "pick", id: "map-what", "aria-label": t("panel.does") });
    this.more = el("div", { class: "form-more" });
    this.search = el("input", { class: "pick", id: "map-search", type: "search", placeholder: t("stages.map.search"), "aria-label": t("stages.map.search"), autocomplete: "off", enterKeyHint: "search" });
    this.node = el("div", { class: "form" }, el("label", { class: "form-label", htmlFor: "map-what" }, t("panel.does.ask")), this.search, this.what, this.more);
    this.search.addEventListener("input", () => this.#find());
    this.what.addEventListener("change", () => this.#chosen());
  }

  show(setup, action) {
    this.#setup = setup;
    const can = (name) => setup.action_kinds.some((kind) => kind.do === name);
    const fixed = (trees) => trees.filter(([, tree]) => can(tree.do)).map(([text, tree]) => option(text, tree));
    const plain = (...kinds) => fixed(kinds.map((kind) => [t(`panel.do.${kind}`), { do: kind }]));
    const switches = this.#params.views.filter((view) => SWITCHES.includes(view.id));
    const group = (label, options) => (options.length ? [el("optgroup", { label }, ...options)] : []);
    const solo = this.#params.view(SOLO);
    const stages = solo ? [...solo.choices.slice(1), "denoise", "limiter"].filter((name, i, all) => all.indexOf(name) === i) : [];
    const of = (id) => (stages.includes(id.split(".")[0]) ? id.split(".")[0] : "");
    const params = (views) => views.map((view) => option(view.full, { param: view.id }));
    const alone = (name) => (can("toggle") && solo.choices.includes(name) ? [option(t("stages.alone.what", { stage: stageName(name) }), { do: "toggle", param: SOLO, high: solo.choices.indexOf(name) })] : []);
    this.search.value = "";
    this.#groups = [
      ...group(t("panel.group.play"), [
        ...switches.map((view) => option(t("panel.do.on_off", { label: view.label }), { do: "toggle", param: view.id })),
        ...plain("panic_mute", "panic_dry", "record", "keep_that", "mark_take", "arm", "tap_tempo"),
      ]),
      ...group(t("panel.group.scenes"), fixed([[t("panel.do.scene_other"), { do: "scene", scene: "other" }],
        ...["A", "B"].map((scene) => [t("panel.do.scene", { scene }), { do: "scene", scene }])])),
      ...group(t("panel.group.presets"), [
        ...plain("next_preset", "previous_preset"),
        ...fixed(setup.presets.map((name) => [t("panel.do.preset", { name }), { do: "preset", preset: name }])),
        ...plain("numbered_preset"),
      ]),
      ...group(t("panel.group.box"), plain("pair"), plain("own_wifi")),
      ...stages.flatMap((name) => group(stageName(name), [...params(this.#params.views.filter(({ id }) => of(id) === name)), ...alone(name)])),
      ...group(t("panel.group.any"), params(this.#params.views.filter(({ id }) => !of(id)))),
    ];
    this.#offer("");
    this.#take(action);
  }

  #find() {
    // Fewer to choose from. What is chosen stays chosen while it is among them.
    const before = this.what.value;
    this.#offer(this.search.value.trim().toLocaleLowerCase());
    this.what.value = before;
    if (this.what.value !== before) this.what.selectedIndex = 0;
    if (this.what.value && this.what.value !== before) this.#chosen();
  }

  #offer(words) {
    const has = (node, text = node.label) => text.toLocaleLowerCase().includes(words);
    const found = this.#groups.flatMap((group) => {
      const options = [...group.children].filter((each) => has(group) || has(each, each.textContent));
      return options.length ? [el("optgroup", { label: group.label }, ...options.map((each) => each.cloneNode(true)))] : [];
    });
    this.search.setAttribute("aria-invalid", String(!found.length)); // then the list stays as it is
    if (found.length) this.what.replaceChildren(...found);
  }

  get action() {
    const tree = JSON.parse(this.what.value);
    const way = this.more.querySelector("input[name=way]:checked")?.value;
    if (tree.do?.startsWith("panic")) return { do: way === "held" ? `held_${tree.do}` : tree.do };
    if (tree.do) return tree;
    const numbers = {};
    for (const input of this.more.querySelectorAll("[data-field]")) {
      if (input.value !== "" && !(input.dataset.default === input.value)) numbers[input.dataset.field] = Number(input.value);
    }
    return { do: way, param: tree.param, ...numbers };
  }

  #take(action) {
    const same = (option) => {
      const tree = JSON.parse(option.value);
      const plain = action?.do?.replace("held_", "");
      if (!action) return false;
      if (tree.do) return tree.do === plain && (tree.preset ?? "") === (action.preset ?? "") && (tree.scene ?? "") === (action.scene ?? "") && (tree.param ?? "") === (action.param ?? "") && action.low === undefined && action.high === tree.high;
      return tree.param === action.param;
    };
    const found = [...this.what.options].find(same) ?? this.what.options[0];
    this.what.value = found.value;
    this.#draw(action);
  }

  #chosen() {
    this.#draw(null);
    this.dispatchEvent(new Event("change"));
  }

  #draw(action) {
    const tree = JSON.parse(this.what.value);
    this.more.replaceChildren();
    if (tree.do?.startsWith("panic")) {
      const held = action?.do?.startsWith("held_");
      if (this.#setup.action_kinds.some((kind) => kind.do === `held_${tree.do}`)) this.more.append(this.#ways(Object.fromEntries(PANICS.map((way) => [way, t(`panel.panic.${way}`)])), held ? "held" : "panic"));
    } else if (!tree.do) {
      this.#drawParam(this.#params.view(tree.param), action);
    }
  }

  #drawParam(view, action) {
    const can = (way) => this.#setup.action_kinds.some((kind) => kind.do === way);
    const onOff = view.choices.length === 2 && view.choices[0] === "off";
    const order = onOff ? ["toggle", "momentary", "set"] : view.choices.length ? ["step", "set", "momentary", "sweep"] : ["sweep", "step", "toggle", "momentary", "set"];
    const ways = Object.fromEntries(order.filter(can).map((way) => [way, t(onOff && way === "toggle" ? "panel.way.on_off" : `panel.way.${way}`)]));
    const numbers = el("div", { class: "form-numbers" });
    const draw = (way, given) => numbers.replaceChildren(...this.#numbers(view, way, given, onOff));
    this.more.append(this.#ways(ways, action?.do in ways ? action.do : Object.keys(ways)[0], (way) => draw(way, null)), numbers);
    draw(this.more.querySelector("input[name=way]:checked").value, action);
  }

  #ways(ways, chosen, then = () => {}) {
    const group = el("div", { class: "ways", role: "radiogroup", "aria-label": t("panel.how") });
    for (const [way, text] of Object.entries(ways)) {
      const input = el("input", { type: "radio", name: "way", value: way, checked: way === chosen });
      input.addEventListener("change", () => {
        then(way);
        this.dispatchEvent(new Event("change"));
      });
      group.append(el("label", {}, input, el("span", {}, text)));
    }
    return group;
  }

  #numbers(view, way, given, onOff) {
    const fields = { sweep: ["low", "high"], toggle: onOff ? [] : ["low", "high"], momentary: onOff ? [] : ["value"], set: ["value"], step: view.choices.length ? [] : ["by"] }[way];
    const parts = fields.map((field) => this.#number(view, field, given?.[field]));
    if (way === "step" && view.choices.length) parts.push(el("input", { type: "hidden", "data-field": "by", value: "1" }));
    return parts;
  }

  #number(view, field, given) {
    const standard = { low: view.low, high: view.high, value: view.choices.length ? view.high : view.default, by: step(view) * 5 }[field];
    const needed = field === "value" || field === "by";
    const id = `map-${field}`;
    let input;
    if (view.choices.length) {
      input = el("select", { class: "pick", id }, ...view.choices.map((name, i) => el("option", { value: String(view.low + i) }, name)));
      input.value = String(given ?? standard);
    } else {
      const [low, high] = field === "by" ? [view.low - view.high, view.high - view.low] : [view.low, view.high];
      input = el("input", { class: "pick", id, type: "number", inputMode: "decimal", min: low, max: high, step: "any", value: String(given ?? standard) });
    }
    input.dataset.field = field;
    if (!needed) input.dataset.default = String(standard);
    input.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    const label = t(`panel.number.${field}`);
    const range = field === "by" || view.choices.length ? "" : t("panel.range", { low: words(view, view.low), high: words(view, view.high) });
    return el("div", { class: "form-number" }, el("label", { class: "form-label", htmlFor: id }, view.unit ? `${label} (${view.unit})` : label), input, el("small", {}, range));
  }
}

const option = (text, tree) => el("option", { value: JSON.stringify(tree) }, text);
