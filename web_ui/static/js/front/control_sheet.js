// The sheet that adds a control or light by hand: its kind, its pins, and its other settings.

import { post, Refusal } from "../api.js";
import { el, setText } from "../base/dom.js";
import { either, t } from "../base/texts.js";

export class ControlSheet extends EventTarget {
  // Events: "saved".
  #setup = null;
  #opener = null;

  constructor() {
    super();
    this.title = el("h2", { id: "control-title", tabindex: "-1" }, t("panel.control.add"));
    this.kind = el("select", { class: "pick", id: "control-kind" });
    this.fields = el("div", { class: "form" });
    this.status = el("p", { class: "sheet-status", role: "status" });
    const save = el("button", { class: "plain strong", type: "button", id: "save-control" }, t("panel.control.save"));
    const cancel = el("button", { class: "plain", type: "button" }, t("shell.cancel"));
    this.node = el("section", { class: "sheet", id: "control-sheet", hidden: true, "aria-labelledby": "control-title" },
      this.title, el("div", { class: "form" }, el("label", { class: "form-label", htmlFor: "control-kind" }, t("panel.control.what")), this.kind),
      this.fields, this.status, el("div", { class: "sheet-buttons" }, cancel, save));
    document.body.append(this.node);
    this.kind.addEventListener("change", () => this.#draw());
    save.addEventListener("click", () => this.#save());
    cancel.addEventListener("click", () => this.close());
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  open(setup) {
    this.#setup = setup;
    this.kind.replaceChildren(...setup.control_kinds.map(({ kind, words }) => el("option", { value: kind }, words)));
    this.#draw();
    this.#opener = document.activeElement;
    this.node.hidden = false;
    document.body.classList.add("with-sheet");
    this.title.focus({ preventScroll: true });
  }

  close() {
    if (this.node.hidden) return;
    this.node.hidden = true;
    document.body.classList.remove("with-sheet");
    this.#opener?.focus?.({ preventScroll: true });
  }

  #chosen() {
    return this.#setup.control_kinds.find(({ kind }) => kind === this.kind.value);
  }

  #draw() {
    setText(this.status, "");
    const asked = this.#chosen().fields.map((field) => [field, this.#field(field)]);
    const must = asked.filter(([field]) => field.default === null || field.name === "shows");
    const may = asked.filter(([field]) => !must.some(([other]) => other === field));
    this.fields.replaceChildren(...must.map(([, node]) => node),
      ...(may.length ? [el("details", { class: "form-rest" }, el("summary", {}, t("panel.control.more")), ...may.map(([, node]) => node))] : []));
  }

  #field(field) {
    const id = `control-${field.name}`;
    const input = this.#input(field, id);
    input.dataset.field = field.name;
    return el("div", { class: "form-number" }, el("label", { class: "form-label", htmlFor: id }, either(`panel.field.${field.name}`, field.name)), input, el("small", {}, field.words));
  }

  #input({ name, kind, choices, default: standard }, id) {
    if (kind === "pin" || kind === "pins") {
      const free = this.#setup.header.filter(({ role }) => role === "free").sort((a, b) => a.gpio - b.gpio);
      const options = free.map((pin) => el("option", { value: String(pin.gpio) }, t("panel.pin", { name: pin.name, number: pin.number })));
      const select = el("select", { class: "pick", id, multiple: kind === "pins" }, ...options);
      // Two pins of one control start at different values.
      if (kind === "pin") select.selectedIndex = Math.min({ gpio_b: 1, gpio_green: 1, gpio_blue: 2 }[name] ?? 0, free.length - 1);
      return select;
    }
    if (kind === "flag" || kind === "choice") {
      const values = kind === "flag" ? [["yes", t("panel.yes")], ["no", t("panel.no")]] : choices.map((value) => [value, either(`panel.choice.${value}`, value)]);
      const select = el("select", { class: "pick", id }, ...values.map(([value, words]) => el("option", { value }, words)));
      select.value = kind === "flag" ? (standard ? "yes" : "no") : standard ?? choices[0];
      return select;
    }
    if (kind === "number") return el("input", { class: "pick", id, type: "number", inputMode: "decimal", step: "any", value: String(standard ?? 0) });
    return el("input", { class: "pick", id, type: "text", autocapitalize: "none", autocomplete: "off", spellcheck: false, maxLength: 32, placeholder: t("panel.field.name.example"), value: standard ?? "" });
  }

  #settings() {
    const settings = {};
    for (const { name, kind, default: standard } of this.#chosen().fields) {
      const input = this.fields.querySelector(`[data-field="${name}"]`);
      const value = { pin: () => Number(input.value), number: () => Number(input.value), flag: () => input.value === "yes",
        pins: () => [...input.selectedOptions].map(({ value }) => Number(value)) }[kind]?.() ?? input.value.trim();
      if (value !== standard) settings[name] = value;
    }
    return settings;
  }

  async #save() {
    try {
      await post("panel/controls", { kind: this.kind.value, settings: this.#settings() });
      this.close();
      this.dispatchEvent(new Event("saved"));
    } catch (error) {
      setText(this.status, error instanceof Refusal ? error.message : t("panel.not_saved"));
    }
  }
}
