// The pedals in one place: the simulated panel where there are no pins, what each control does, the controls, the wiring.

import { get } from "../../api.js";
import { FrontPanel } from "../../front/front_panel.js";
import { PanelSetup } from "../../front/panel_setup.js";
import { el } from "../../base/dom.js";
import { t } from "../../base/texts.js";

export const title = "setup.panel.title";

export function create(box, card) {
  const { connection, params, notices } = box;
  const say = (text) => notices.say(text);
  const face = el("section", { class: "group", id: "setup-front" });
  const rest = el("div");
  card.body.append(face, rest);
  const front = new FrontPanel(params, say, { body: face, hidden: (yes) => { face.hidden = yes; } });
  const setup = new PanelSetup(box, say, { body: rest, side: card.side });
  let pins = connection.told.panel ?? [];
  if (connection.told.learn) setup.learning(connection.told.learn);
  connection.addEventListener("learn", ({ detail }) => setup.learning(detail));
  connection.addEventListener("panel", ({ detail }) => {
    pins = detail;
    front.show(pins);
  });
  connection.addEventListener("state", ({ detail: { state } }) => state === "live" && front.show(pins));
  return {
    rebuild() {
      front.rebuild();
      front.show(pins);
    },
    show: () => setup.show(),
    hide: () => setup.hide(),
    glance: async () => setup.glance(await get("panel/setup")),
    forget() {
      front.forget();
      setup.forget();
    },
  };
}
