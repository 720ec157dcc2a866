// A zip file for whoever helps.

import { makeBlob } from "../../api.js";
import { el } from "../../base/dom.js";
import { button } from "../../setting_up/asking.js";
import { fetchFile } from "../../setting_up/files.js";
import { t } from "../../base/texts.js";

export const title = "system.diagnostics.title";
export const needs = "owner";

export function create({ notices }, card) {
  const make = button(t("system.diagnostics"), async () => {
    make.disabled = true;
    await fetchFile(notices, "diagnostics", "zip", () => makeBlob("system/diagnostics.zip", { make: true }));
    make.disabled = false;
  }, { strong: true });
  card.body.append(el("div", { class: "form" }, el("p", { class: "help" }, t("system.diagnostics.help")), make));
  return {};
}
