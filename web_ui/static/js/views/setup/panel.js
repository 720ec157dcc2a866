// Setting the front panel up.

import { PanelSetup } from "../../front/panel_setup.js";

export const title = "setup.panel.title";

export function create(box, card) {
  const { connection, notices } = box;
  const setup = new PanelSetup(box, (text) => notices.say(text), card);
  if (connection.told.learn) setup.learning(connection.told.learn);
  connection.addEventListener("learn", ({ detail }) => setup.learning(detail));
  return { show: () => setup.show(), hide: () => setup.hide(), forget: () => setup.forget() };
}
