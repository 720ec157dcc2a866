// The sheet at the bottom that adds a mapping: first the action, then the control (by pressing it), then its cost.
// The page above it stays usable, so that a simulated switch can be pressed while the box learns.

import { ActionForm } from "./actions.js";
import { post, put, Refusal } from "../api.js";
import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

const OTHERS = { // what can be simulated besides switches on free pins
  knob: "mcp3008:0:1", controller: "midi:simulated:cc:1:64", press_only: "midi:simulated:cc:1:65", in_turn: "midi:simulated:cc:1:66",
  note: "midi:simulated:note:1:60", program: "midi:simulated:program:1:1", key: "hid:simulated:KEY_A",
};
const PRESS = "press "; // and a switch that the panel has already
const PRESSES = { [OTHERS.press_only]: [1, 1, 1], [OTHERS.in_turn]: [1, 0, 1] }; // the others send a release

let one = null;

export function mapSheet({ connection, params }) {
  // The page's only one, from Play's controls or from Set up.
  if (one) return one;
  one = new MapSheet(params);
  if (connection.told.learn) one.learning(connection.told.learn);
  connection.addEventListener("learn", ({ detail }) => one.learning(detail));
  connection.addEventListener("state", ({ detail: { state } }) => state !== "live" && one.forget());
  return one;
}

class MapSheet extends EventTarget {
  // Events: "saved".
  #form;
  #setup = null;
  #learn = { state: "off" };
  #target = null; // {on, gesture, where, gestures}
  #asked = 0;

  constructor(params) {
    super();
    this.#form = new ActionForm(params);
    this.title = el("h2", { id: "sheet-title", tabindex: "-1" });
    this.heard = el("div", { class: "heard" });
    this.notes = el("ul", { class: "sheet-notes", "aria-live": "polite" });
    this.learnButton = el("button", { class: "plain strong", type: "button", id: "learn" }, t("panel.learn"));
    this.saveButton = el("button", { class: "plain strong", type: "button", id: "save-mapping" }, t("panel.save"));
    this.cancelButton = el("button", { class: "plain", type: "button" }, t("shell.cancel"));
    this.status = el("p", { class: "sheet-status", role: "status" });
    this.touch = el("select", { class: "pick", id: "touch", "aria-label": t("panel.simulate") });
    this.touch.addEventListener("change", () => this.#touch());
    this.node = el("section", { class: "sheet", id: "sheet", hidden: true, "aria-labelledby": "sheet-title" },
      this.title, this.#form.node, this.heard, this.status, this.notes,
      el("div", { class: "sheet-buttons" }, this.cancelButton, this.learnButton, this.saveButton));
    document.body.append(this.node);
    this.#form.addEventListener("change", () => this.#check());
    this.learnButton.addEventListener("click", () => this.#start());
    this.saveButton.addEventListener("click", () => this.#save());
    this.cancelButton.addEventListener("click", () => this.close());
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  open(setup, mapping = null, action = mapping?.action) {
    // mapping: the one to change; without it a new one. action: what it does, to begin with.
    this.#setup = setup;
    this.#target = mapping && this.#targetOf(mapping.on, mapping.gesture, mapping.where);
    this.#form.show(setup, action);
    const free = setup.header.filter(({ role }) => role === "free").sort((a, b) => a.gpio - b.gpio);
    const switches = setup.controls.filter(({ kind, off }) => kind === "switches" && !off);
    this.touch.replaceChildren(el("option", { value: "" }, t("panel.simulate.new")),
      ...switches.map(({ name, label }) => el("option", { value: PRESS + name }, t("panel.simulate.press", { label }))),
      ...free.map((pin) => el("option", { value: `gpio:${pin.gpio}` }, t("panel.simulate.switch", { name: pin.name, number: pin.number }))),
      ...Object.entries(OTHERS).map(([what, value]) => el("option", { value }, t(`panel.simulate.${what}`))));
    setText(this.title, mapping ? `${mapping.where}, ${mapping.how}` : t("panel.map"));
    setText(this.status, "");
    this.#opener = document.activeElement;
    this.node.hidden = false;
    document.body.classList.add("with-sheet");
    this.title.focus({ preventScroll: true });
    this.#draw();
    this.#check();
  }

  #opener = null;

  close() {
    if (this.node.hidden) return;
    if (this.#learn.state !== "off") post("panel/learn/cancel", { cancel: true }).catch(() => {});
    this.#learn = { state: "off" };
    this.node.hidden = true;
    document.body.classList.remove("with-sheet", "learning");
    this.#opener?.focus?.({ preventScroll: true });
  }

  learn() {
    // Begin to listen for a press or a turn.
    this.#start();
  }

  learning(view) {
    // The box reports the state of learning.
    const before = this.#learn;
    this.#learn = view;
    if (this.node.hidden) return;
    document.body.classList.toggle("learning", view.state === "waiting");
    if (view.state === "heard" && (before.on !== view.on || before.gesture !== view.gesture || before.found !== view.found || before.state !== "heard")) {
      this.#target = { on: view.on, gesture: view.gesture, where: view.where, gestures: view.gestures, fresh: view.is_new, found: view.found };
      this.#notes(view.notes);
    }
    this.#draw();
  }

  forget() {
    // After a reconnect the box says whether it still learns.
    this.#learn = { state: "off" };
    document.body.classList.remove("learning");
    if (!this.node.hidden) this.#draw();
  }

  #targetOf(on, gesture, where) {
    const control = this.#setup.controls.find(({ name }) => name === on);
    return { on, gesture, where, gestures: control?.gestures ?? { [gesture]: gesture.replace("_", " ") } };
  }

  async #start() {
    this.#target = null;
    this.#notes([]);
    setText(this.status, "");
    try {
      this.learning(await put("panel/learn", { action: this.#form.action }));
      if (this.#setup.simulated) this.#showPanel();
    } catch (error) {
      setText(this.status, error.message);
    }
  }

  async #touch() {
    // Like a hand: down and up, three times where that is needed; or from one end towards the other.
    const source = this.touch.value;
    this.touch.value = "";
    if (!source) return;
    try {
      if (source.startsWith(PRESS)) return await this.#press(source.slice(PRESS.length));
      const turned = source.startsWith("mcp") || (source.includes(":cc:") && this.#turns());
      const pressed = PRESSES[source] ?? (/^hid|:note:|:cc:/.test(source) ? [1, 0, 1, 0, 1, 0] : [1, 0]);
      for (const value of turned ? [0.2, 0.8] : pressed) {
        await post("panel/touch", { source, value });
        await new Promise((done) => setTimeout(done, 80));
      }
    } catch (error) {
      setText(this.status, error.message);
    }
  }

  async #press(name) {
    for (const pressed of [true, false]) {
      await post(`panel/${encodeURIComponent(name)}/press`, { pressed });
      await new Promise((done) => setTimeout(done, 80));
    }
  }

  #turns() {
    return ["sweep", "step"].includes(this.#form.action.do);
  }

  #showPanel() {
    // Switches are in the last row, knobs above them.
    const turned = this.#turns();
    const rows = byId("panel-face")?.children ?? []; // Set up may not have been looked at yet
    rows[turned ? 1 : rows.length - 1]?.scrollIntoView({ block: turned ? "start" : "center" });
  }

  #draw() {
    const waiting = this.#learn.state === "waiting";
    this.#form.node.hidden = waiting;
    this.learnButton.hidden = waiting;
    setText(this.learnButton, t(this.#target ? "panel.learn.again" : "panel.learn"));
    this.learnButton.classList.toggle("strong", !this.#target);
    this.saveButton.hidden = !this.#target || waiting;
    this.heard.replaceChildren();
    if (waiting) {
      setText(this.status, "");
      this.heard.append(el("p", { class: "listening" }, el("span", { class: "pulse", "aria-hidden": "true" }), `${t("panel.learn.now", { does: this.#learn.does })} `),
        el("p", { class: "help" }, this.#learn.note || t("panel.learn.only"), " ", el("span", { class: "left" }, t("panel.learn.left", { seconds: this.#learn.seconds_left }))),
        ...(this.#setup.simulated ? [this.touch] : []));
    } else if (this.#target) {
      this.heard.append(el("p", { class: "heard-where" }, el("strong", {}, this.#target.where), this.#target.fresh ? ` ${t("panel.new")}` : ""),
        ...(this.#target.found ? [el("p", { class: "help found" }, this.#target.found)] : []), this.#gestures());
    } else {
      this.heard.append(this.#byHand());
      if (this.#learn.note) setText(this.status, this.#learn.note);
    }
  }

  #gestures() {
    const entries = Object.entries(this.#target.gestures ?? {});
    if (entries.length < 2) return el("p", { class: "help" }, entries[0]?.[1] ?? this.#target.gesture);
    const group = el("div", { class: "ways", role: "radiogroup", "aria-label": t("panel.gesture") });
    for (const [gesture, words] of entries) {
      const input = el("input", { type: "radio", name: "gesture", value: gesture, checked: gesture === this.#target.gesture });
      input.addEventListener("change", () => {
        this.#target.gesture = gesture;
        this.#check();
      });
      group.append(el("label", {}, input, el("span", {}, words[0].toUpperCase() + words.slice(1))));
    }
    return group;
  }

  #byHand() {
    // For users who know the control but cannot reach it now.
    const controls = this.#setup.controls.filter(({ gestures, off }) => !off && Object.keys(gestures).length);
    const pick = el("select", { class: "pick", id: "map-where", "aria-label": t("panel.which") },
      el("option", { value: "" }, "\u2013"), ...controls.map(({ name, label, place }) => el("option", { value: name }, `${label}, ${place}`)));
    pick.addEventListener("change", () => {
      const control = controls.find(({ name }) => name === pick.value);
      if (!control) return;
      this.#target = this.#targetOf(control.name, Object.keys(control.gestures)[0], control.label);
      this.#draw();
      this.#check();
    });
    return el("div", { class: "form" }, el("label", { class: "form-label", htmlFor: "map-where" }, t("panel.which.help")), pick);
  }

  async #check() {
    if (!this.#target) return;
    const asked = ++this.#asked;
    try {
      const { notes } = await post("panel/mappings/check", { on: this.#target.on, gesture: this.#target.gesture, action: this.#form.action });
      if (asked === this.#asked) this.#notes(notes);
    } catch (error) {
      if (asked === this.#asked) this.#notes([{ level: "refused", text: error.message }]);
    }
  }

  #notes(notes) {
    this.notes.replaceChildren(...notes.map(({ level, text }) => el("li", { class: `sheet-note ${level}` }, text)));
    const levels = notes.map(({ level }) => level);
    this.saveButton.disabled = levels.includes("refused");
    setText(this.saveButton, t(levels.includes("replaces") ? "panel.replace" : "panel.save"));
  }

  async #save() {
    const { on, gesture } = this.#target;
    this.saveButton.disabled = true;
    try {
      await put("panel/mappings", { on, gesture, action: this.#form.action, replace: true });
      this.#learn = { state: "off" };
      this.close();
      this.dispatchEvent(new Event("saved"));
    } catch (error) {
      setText(this.status, error instanceof Refusal ? error.message : t("panel.not_saved"));
      this.saveButton.disabled = false;
    }
  }
}
