// The log of both processes.

import { get } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { button, fetched } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "system.log";
export const needs = "owner";

export function create({ notices }, card) {
  const log = el("pre", { class: "log", tabIndex: 0, ariaLabel: t("system.log") });
  card.body.append(el("div", { class: "form" }, log, button(t("system.log.again"), show)));

  async function show() {
    const answer = await fetched(notices, () => get("system/log"));
    if (!answer) return;
    setText(log, answer.lines.join("\n") || t("system.log.empty"));
    log.scrollTop = log.scrollHeight;
  }

  return { show };
}
