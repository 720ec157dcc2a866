// The front panel on a machine without pins: press and turn it here.

import { FrontPanel } from "../../front/front_panel.js";

export const title = "setup.front.title";
export const open = true;

export function create({ connection, params, notices }, card) {
  const panel = new FrontPanel(params, (text) => notices.say(text), card);
  let pins = connection.told.panel ?? [];
  connection.addEventListener("panel", ({ detail }) => {
    pins = detail;
    panel.show(pins);
  });
  connection.addEventListener("state", ({ detail: { state } }) => state === "live" && panel.show(pins));
  return {
    rebuild() {
      panel.rebuild();
      panel.show(pins);
    },
    forget: () => panel.forget(),
  };
}
