// The interface's own levels: gain, output, switches, direct monitoring.

import { get } from "../../api.js";
import { MixerControls } from "../../setting_up/mixer_controls.js";
import { number } from "../../base/format.js";
import { t } from "../../base/texts.js";

export const title = "levels.title";

export function create({ notices }, card) {
  const controls = new MixerControls(notices);
  const side = (view) => {
    const gain = view.controls.find(({ role, kind }) => role === "input" && kind === "level");
    card.side(view.monitoring.length ? t("levels.monitoring.short") : gain ? `${number(gain.value, gain.unit === "dB" ? 1 : 0)} ${gain.unit}`
      : view.controls.length ? "" : t("levels.side.none"), view.monitoring.length > 0);
  };
  controls.warned = side;
  card.body.append(controls.node);
  return { show: () => controls.show(), hide: () => controls.hide(), glance: async () => side(await get("setup/mixer")) };
}
