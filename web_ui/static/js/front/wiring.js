// The wiring diagram: the header and one sentence for each control, to print and take to the workbench.

import { get } from "../api.js";
import { byId, el, setText } from "../base/dom.js";
import { qrCode } from "../base/qr.js";
import { t } from "../base/texts.js";
import { headerPins } from "./header_pins.js";

try {
  const setup = await get("panel/setup");
  setText(byId("wiring-board"), setup.board);
  if (setup.header.length) byId("wiring-header").append(headerPins(setup.header));
  byId("wiring-lines").append(...setup.wiring.map((line) => {
    const [name, ...rest] = line.split(": ");
    return el("li", {}, el("strong", {}, name), ` ${rest.join(": ")}`);
  }));
  byId("wiring-mapped").append(...setup.mappings.filter(({ off }) => !off).map(
    ({ where, how, does }) => el("li", {}, el("strong", {}, `${where}, ${how}`), ` ${does}`)));
} catch (error) {
  setText(byId("wiring-board"), error.message);
}
try {
  const card = await get("network/own/card"); // for an owner: the sheet is to lie in the case
  byId("wiring-wifi").append(el("p", {}, `${t("network.name")}: `, el("strong", {}, card.name)), el("p", {}, `${t("network.password")}: `, el("strong", { class: "address" }, card.password)),
    qrCode(card.qr, t("network.own.code", { name: card.name })));
  byId("wiring-wifi").hidden = false;
} catch {
  // not an owner's phone: the sheet has no password
}
byId("print").addEventListener("click", () => print());
