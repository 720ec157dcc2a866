// The keyboard on Play. Keys do nothing while something that takes keys itself has the focus.

import { opened } from "../base/dialog.js";
import { el } from "../base/dom.js";
import { t } from "../base/texts.js";

const ARROW = /^Arrow/;
const LIST = ["space", "m", "up", "left", "digits", "hear", "record", "undo", "help"];

export function keyboard(does, front) {
  // does: {bypass, mute, amount(by), step(by), preset(n), hear(side), record, keep, undo}; front(): Play is what is looked at.
  const keys = {
    " ": does.bypass, m: does.mute, "?": help,
    ArrowUp: () => does.amount(1), ArrowDown: () => does.amount(-1), ArrowRight: () => does.step(1), ArrowLeft: () => does.step(-1),
    p: () => does.hear("processed"), u: () => does.hear("untouched"), r: () => does.hear("removed"), t: does.record, k: does.keep, z: does.undo,
  };
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || !front()) return;
    const on = event.target instanceof Element ? event.target : document.body;
    if (document.querySelector("dialog[open]") || on.closest("input, select, textarea, [role=slider], .sheet")) return;
    if ((event.key === " " || ARROW.test(event.key)) && on.closest("button, a, summary, canvas")) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? (/^[1-9]$/.test(event.key) ? () => does.preset(Number(event.key)) : null);
    if (!act || (event.repeat && !ARROW.test(event.key))) return;
    event.preventDefault();
    act();
  });
}

function help() {
  const done = el("button", { class: "plain", type: "button" }, t("play.health.done"));
  const node = opened(t("play.keyboard"), el("dl", { class: "figures" }, ...LIST.map((name) =>
    el("div", {}, el("dt", {}, el("kbd", {}, t(`play.keyboard.${name}.key`))), el("dd", {}, t(`play.keyboard.${name}`))))), el("div", { class: "menu" }, done));
  done.addEventListener("click", () => node.close());
}
