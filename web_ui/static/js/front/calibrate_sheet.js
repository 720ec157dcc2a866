// Calibrates an expression pedal: rock it, then leave the heel down.

import { post } from "../api.js";
import { el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

const EVERY_MS = 60;

export class CalibrateSheet extends EventTarget {
  // Events: "saved".
  #name = "";
  #timer = 0;

  constructor() {
    super();
    this.title = el("h2", { id: "calibrate-title", tabindex: "-1" });
    this.travel = el("progress", { class: "travel", max: 1, value: 0, "aria-label": t("panel.pedal.travel") });
    this.status = el("p", { class: "sheet-status", role: "status" });
    const save = el("button", { class: "plain strong", type: "button", id: "save-pedal" }, t("panel.pedal.save"));
    const cancel = el("button", { class: "plain", type: "button" }, t("shell.cancel"));
    this.node = el("section", { class: "sheet", id: "calibrate-sheet", hidden: true, "aria-labelledby": "calibrate-title" },
      this.title, el("p", { class: "help" }, t("panel.pedal.help")),
      this.travel, this.status, el("div", { class: "sheet-buttons" }, cancel, save));
    document.body.append(this.node);
    save.addEventListener("click", () => this.#save());
    cancel.addEventListener("click", () => this.close());
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  async open(name, label) {
    this.#name = name;
    setText(this.title, t("panel.pedal.title", { label }));
    setText(this.status, "");
    this.travel.value = 0;
    this.node.hidden = false;
    document.body.classList.add("with-sheet");
    this.title.focus({ preventScroll: true });
    if (await this.#tell("start")) this.#follow();
  }

  close() {
    if (this.node.hidden) return;
    clearTimeout(this.#timer);
    this.node.hidden = true;
    document.body.classList.remove("with-sheet");
  }

  #follow() {
    this.#timer = setTimeout(async () => {
      if (!this.node.hidden && (await this.#tell("move")) && !this.node.hidden) this.#follow();
    }, EVERY_MS);
  }

  async #save() {
    clearTimeout(this.#timer);
    if (await this.#tell("heel")) {
      this.close();
      this.dispatchEvent(new Event("saved"));
    } else {
      this.#follow();
    }
  }

  async #tell(step) {
    try {
      this.travel.value = (await post("panel/pedals/calibrate", { name: this.#name, step })).travel;
      return true;
    } catch (error) {
      setText(this.status, error.message);
      return false;
    }
  }
}
