// The box's name.

import { get, put } from "../../api.js";
import { el } from "../../base/dom.js";
import { attempt, button, fetched, field } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "setup.name.title";
export const needs = "owner";

export function create({ notices }, card) {
  const name = el("input", { class: "pick", type: "text", maxLength: 40, autocomplete: "off" });
  const tell = () => card.side(document.querySelector("h1").textContent);
  const rename = button(t("pin.name.use"), async () => {
    if ((await attempt(notices, () => put("setup/name", { name: name.value }))) === null) return;
    document.querySelector("h1").textContent = document.title = name.value.trim();
    tell();
    notices.say(t("pin.name.done"), { grave: false });
  }, { strong: true });
  card.body.append(el("div", { class: "form" }, field("box-name", t("pin.name"), name, t("pin.name.help")), rename));
  tell();
  return {
    async show() {
      const setup = await fetched(notices, () => get("setup"));
      if (setup) name.value = setup.name;
    },
    glance: tell,
  };
}
