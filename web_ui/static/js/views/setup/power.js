// The machine: its health, restart and power off.

import { get, post } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { attempt, button, fetched } from "../../setting_up/asking.js";
import { fact, hours } from "../../setting_up/facts.js";
import { t } from "../../base/texts.js";

export const title = "system.power";
export const needs = "owner";
const SURE_MS = 5000;

export function create({ notices }, card) {
  const health = el("p", { class: "said", hidden: true });
  const facts = el("dl", { class: "facts" });
  const keys = el("div", { class: "form" });
  card.body.append(health, facts, keys);

  function side(view) {
    card.side(view.health ? t("system.trouble") : t("system.on_for", { time: hours(view.uptime_s) }), Boolean(view.health));
  }

  async function show() {
    const view = await fetched(notices, () => get("system"));
    if (!view) return;
    side(view);
    health.hidden = !view.health;
    setText(health, view.health);
    const rows = [[t("system.uptime"), hours(view.uptime_s)]];
    if (view.temperature_c !== null) rows.push([t("system.temperature"), t("system.degrees", { value: number(view.temperature_c, 0) })]);
    facts.replaceChildren(...rows.map(fact));
    keys.replaceChildren(
      ...twice(t("system.restart"), t("system.restart.sure"), view.no_restart, () => post("system/restart", { restart: true })),
      ...twice(t("system.power_off"), t("system.power_off.sure"), view.no_power_off, () => post("system/power_off", { power_off: true })));
  }

  function twice(words, sure, why_not, ask) {
    // It takes two presses, because sound stops. The button itself asks for the second one. Every page is told of it.
    const node = button(words, async () => {
      if (node.dataset.sure === "yes") return attempt(notices, ask);
      node.dataset.sure = "yes";
      setText(node, sure);
      setTimeout(() => {
        node.dataset.sure = "";
        setText(node, words);
      }, SURE_MS);
      return undefined;
    });
    node.disabled = Boolean(why_not);
    return why_not ? [node, el("p", { class: "help" }, why_not)] : [node];
  }

  return { show, glance: async () => side(await get("system")) };
}
