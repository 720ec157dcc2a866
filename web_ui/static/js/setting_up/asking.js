// What all parts of Set up share: ask the box, and show why it refused.

import { Locked, Unreachable } from "../api.js";
import { coded, el } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const AGAIN_MS = 1500;
const TRIES = 20;

export async function fetched(notices, ask) {
  // The same for reads: tries again while the box does not answer, as over a weak Wi-Fi.
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable) || tries >= TRIES) return attempt(notices, () => { throw error; });
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

export async function attempt(notices, ask) {
  // The answer, or null when the box refused; then the page shows the reason.
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Locked)) notices.say(error.message);
    return null;
  }
}

export function button(words, press, { strong = false, small = false } = {}) {
  const node = el("button", { class: `plain${strong ? " strong" : ""}${small ? " small" : ""}`, type: "button" }, words);
  node.addEventListener("click", press);
  return node;
}

export function field(id, words, input, help = "") {
  input.id = id;
  const parts = [el("label", { class: "form-label", htmlFor: id }, words), input];
  if (help) {
    parts.push(el("p", { class: "help", id: `${id}-help` }, ...coded(help)));
    input.setAttribute("aria-describedby", `${id}-help`);
  }
  return el("div", { class: "form" }, ...parts);
}

export function select(options, now) {
  // options: [[value, words], …]
  const node = el("select", { class: "pick" });
  for (const [value, words] of options) node.append(el("option", { value: String(value), selected: String(value) === String(now) }, words));
  return node;
}

export function radios(name, options, now, choose) {
  // options: [[value, node or words, disabled], …]; a column of large lines, one of which is chosen.
  return el("div", { class: "pick-list", role: "radiogroup", "aria-label": name }, ...options.map(([value, words, disabled = false]) => {
    const input = el("input", { type: "radio", name: `pick-${name}`, value: String(value), checked: String(value) === String(now), disabled });
    input.addEventListener("change", () => choose(value));
    return el("label", { class: "pick-line" }, input, el("span", { class: "pick-words" }, words));
  }));
}

export const ms = (value) => t("audio.ms", { value: number(value, 1) });
