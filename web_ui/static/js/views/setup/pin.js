// The box's name and its PIN.

import { get, put } from "../../api.js";
import { el } from "../../base/dom.js";
import { attempt, button, fetched, field } from "../../setting_up/asking.js";
import { PinForm } from "../../setting_up/pin_form.js";
import { t } from "../../base/texts.js";

export const title = "pin.title";

export function create({ notices }, card) {
  const form = new PinForm(notices);
  const name = el("input", { class: "pick", type: "text", maxLength: 40, autocomplete: "off" });
  const rename = button(t("pin.name.use"), async () => {
    if ((await attempt(notices, () => put("setup/name", { name: name.value }))) !== null) {
      document.querySelector("h1").textContent = document.title = name.value.trim();
      notices.say(t("pin.name.done"), { grave: false });
    }
  });
  card.body.append(el("section", { class: "group" }, field("box-name", t("pin.name"), name, t("pin.name.help")), rename),
    el("section", { class: "group" }, form.node));
  const load = async () => {
    const state = await form.load();
    card.side(state ? t(state.in_force ? "pin.side.on" : "pin.side.off") : "");
    const setup = await fetched(notices, () => get("setup"));
    if (setup) name.value = setup.name;
  };
  form.addEventListener("set", load);
  return { show: load };
}
