// What the lists of facts in Set up share.

import { el } from "../base/dom.js";
import { t } from "../base/texts.js";

export const fact = ([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

export function hours(seconds) {
  const minutes = Math.floor(seconds / 60);
  return t("system.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
