// The interface's own levels: gain, output, switches, direct monitoring.

import { MixerControls } from "../../setting_up/mixer_controls.js";
import { t } from "../../base/texts.js";

export const title = "levels.title";

export function create({ notices }, card) {
  const controls = new MixerControls(notices);
  controls.warned = (view) => card.side(view.monitoring.length ? t("levels.monitoring.short") : "");
  card.body.append(controls.node);
  return { show: () => controls.show(), hide: () => controls.hide() };
}
