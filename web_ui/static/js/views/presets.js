// Presets and scenes.

import { get, post, Refusal } from "../api.js";
import { byId, el } from "../dom.js";
import { t } from "../texts.js";

export function create({ notices }) {
  async function load() {
    try {
      const { scenes } = await get("panel/setup");
      byId("scene-keys").replaceChildren(...Object.entries(scenes).map(([scene, filled]) => key(scene, filled)));
    } catch (error) {
      if (error instanceof Refusal) notices.say(error.message);
    }
  }

  function key(scene, filled) {
    const button = el("button", { class: "plain", type: "button" }, t(filled ? "presets.scenes.keep_anew" : "presets.scenes.keep", { scene }));
    button.addEventListener("click", async () => {
      try {
        await post("scenes/keep", { scene });
        await load();
      } catch (error) {
        if (error instanceof Refusal) notices.say(error.message);
      }
    });
    return button;
  }

  return { show: load };
}
