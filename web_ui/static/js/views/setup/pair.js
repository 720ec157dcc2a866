// For a phone that may play, because everybody may, and is not paired: how it may do more.

import { el } from "../../base/dom.js";
import { t } from "../../base/texts.js";
import { waysIn } from "../../pairing/ways_in.js";

export const title = "pair.title";
export const needs = "";
export const open = true;

export function create({ entry }, card) {
  let ways = null;
  const look = () => card.hidden(Boolean(entry.role) || !entry.claimed); // the wizard of a fresh box begins with it
  look();
  return {
    entry: look,
    show() {
      ways = waysIn(entry, { done() {} });
      card.body.replaceChildren(el("p", { class: "lead" }, t("pair.locked")), ways.node);
    },
    hide() {
      ways?.stop();
      card.body.replaceChildren();
    },
  };
}
