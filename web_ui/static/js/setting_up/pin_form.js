// The form that sets, changes or removes the PIN.

import { get, put } from "../api.js";
import { el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { button, fetched, field } from "./asking.js";

export class PinForm extends EventTarget {
  // Events: "set".
  constructor(notices) {
    super();
    this.notices = notices;
    this.node = el("form", { class: "form" });
    this.node.addEventListener("submit", (event) => event.preventDefault());
  }

  async load() {
    const state = await fetched(this.notices, () => get("pin"));
    if (state) this.#draw(state);
    return state;
  }

  #draw(state) {
    const old = digits("current-password");
    const fresh = digits("new-password");
    const again = digits("new-password");
    const said = el("p", { class: "sheet-status", role: "status" });
    const send = async (pin) => {
      if (pin && pin !== again.value) return setText(said, t("pin.differ"));
      try {
        await put("pin", { pin, old: old.value });
      } catch (error) {
        return setText(said, error.message);
      }
      this.dispatchEvent(new Event("set"));
      return this.load();
    };
    const set = button(t(state.in_force ? "pin.change" : "pin.set"), () => send(fresh.value), { strong: true });
    const buttons = state.in_force ? el("div", { class: "pair" }, button(t("pin.remove"), () => send("")), set) : set;
    const user = el("input", { type: "text", autocomplete: "username", value: "hushbox", hidden: true, tabIndex: -1, ariaHidden: "true" });
    this.node.replaceChildren(user, el("p", { class: "lead" }, t(state.in_force ? "pin.in_force" : "pin.none")),
      ...(state.in_force ? [field("pin-old", t("pin.old"), old)] : []),
      field("pin-new", t("pin.new"), fresh, t("pin.help")), field("pin-again", t("pin.again"), again), said, buttons);
  }
}

export function digits(autocomplete) {
  return el("input", { class: "pick pin-digits", type: "password", inputMode: "numeric", maxLength: 12, autocomplete, pattern: "[0-9]*" });
}
