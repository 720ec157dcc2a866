// The sheet over something that this phone may not do: who may, and how this phone can. One for the whole page.

import { opened } from "../base/dialog.js";
import { el } from "../base/dom.js";
import { t } from "../base/texts.js";
import { button } from "../setting_up/asking.js";
import { waysIn } from "./ways_in.js";

let sheet = null;

export function openLocked(entry, said = "") {
  // said: why this phone could not be paired by the code in its address.
  if (sheet?.open) return;
  const ways = entry.role ? null : waysIn(entry, { said, done: () => sheet.close() });
  const lead = entry.role ? t("pair.locked.role", { role: t(`pair.role.${entry.role}`) }) : t("pair.locked");
  const away = button(t(entry.role ? "pair.locked.done" : "pair.not_now"), () => sheet.close());
  sheet = opened(t(entry.role ? "pair.locked.role.title" : "pair.locked.title"), el("p", { class: "lead" }, lead), ...(ways ? [ways.node] : []), el("div", { class: "form way" }, away));
  sheet.classList.add("tall");
  const heading = sheet.querySelector("h2");
  heading.tabIndex = -1;
  heading.focus(); // not a field: the keyboard would cover what there is to read
  sheet.addEventListener("close", () => ways?.stop());
}
