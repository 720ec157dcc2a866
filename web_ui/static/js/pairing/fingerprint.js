// The fingerprint of the page's certificate, to compare with what another phone's browser shows.

import { el } from "../base/dom.js";
import { t } from "../base/texts.js";

/** Nodes; none for a page in the clear. */
export function toCompare(fingerprint) {
  if (!fingerprint) return [];
  return [el("p", { class: "help" }, t("pair.fingerprint")), el("p", { class: "help fingerprint", dir: "ltr" }, fingerprint)];
}
