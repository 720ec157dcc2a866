// What a long press on any control offers: map it to a switch or knob by Learn, reset, an exact value; and what it is.

import { get, Refusal } from "../api.js";
import { ask, menu } from "../base/dialog.js";
import { decimals, number, words } from "../base/format.js";
import { t } from "../base/texts.js";
import { mapSheet } from "../front/map_sheet.js";

export function openMenu(box, view) {
  const { params, notices } = box;
  const now = params.value(view.id);
  const known = now !== null;
  menu(view.label, [
    box.entry.offers("engineer") && [t("play.control.learn"), () => learn(box, view)],
    known && now !== view.default && [t("shell.reset.to", { value: words(view, view.default) }), () => params.set(view.id, view.default)],
    known && !view.choices.length && [t("play.control.exact"), () => exact(params, view, now)],
  ], { about: [view.help, known ? t("play.control.now", { value: words(view, now) }) : ""].filter(Boolean).join(" ") });

  async function learn() {
    try {
      const setup = await get("panel/setup");
      const sheet = mapSheet(box);
      sheet.open(setup, null, { do: view.choices.length ? "toggle" : "sweep", param: view.id });
      sheet.learn();
    } catch (error) {
      if (error instanceof Refusal) notices.say(error.message);
    }
  }
}

function exact(params, view, now) {
  ask(view.label, {
    value: number(now, decimals(view)),
    label: t("play.control.range", { low: words(view, view.low), high: words(view, view.high) }),
    save: t("play.control.set"),
    numeric: true,
    then(text) {
      const value = Number(text.trim().replace(",", ".").replace("\u2212", "-").replace(/\s*[a-z%]+$/i, ""));
      if (!text.trim() || !Number.isFinite(value) || value < view.low || value > view.high) {
        throw new Error(t("play.control.refused", { text, low: words(view, view.low), high: words(view, view.high) }));
      }
      params.set(view.id, value);
    },
  });
}
