// The box's PIN.

import { get } from "../../api.js";
import { PinForm } from "../../setting_up/pin_form.js";
import { t } from "../../base/texts.js";

export const title = "pin.label";
export const needs = "owner";

export function create({ notices }, card) {
  const form = new PinForm(notices);
  card.body.append(form.node);
  const side = (state) => state && card.side(t(state.in_force ? "pin.side.on" : "pin.side.off"));
  const load = async () => side(await form.load());
  form.addEventListener("set", load);
  return { show: load, glance: async () => side(await get("pin")) };
}
