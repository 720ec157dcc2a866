// The log of both processes. Its line says how many warnings there are in it.

import { get } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { button, fetched } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "system.log";
export const needs = "owner";
const WARNING = / (WARNING|ERROR|CRITICAL) /;
const GLANCE_MS = 60000; // reading the journal costs the box some work

export function create({ notices }, card) {
  const log = el("pre", { class: "log", tabIndex: 0, ariaLabel: t("system.log") });
  card.body.append(el("div", { class: "form" }, log, button(t("system.log.again"), show)));
  let glanced = -GLANCE_MS;

  function side(lines) {
    const count = lines.filter((line) => WARNING.test(line)).length;
    card.side(count ? t(count === 1 ? "system.side.warning" : "system.side.warnings", { count }) : t("system.side.quiet"));
  }

  async function show() {
    const answer = await fetched(notices, () => get("system/log"));
    if (!answer) return;
    side(answer.lines);
    setText(log, answer.lines.join("\n") || t("system.log.empty"));
    log.scrollTop = log.scrollHeight;
  }

  async function glance() {
    if (performance.now() - glanced < GLANCE_MS) return;
    glanced = performance.now();
    side((await get("system/log")).lines);
  }

  return { show, glance };
}
