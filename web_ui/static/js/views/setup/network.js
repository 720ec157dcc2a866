// The network: the addresses at which other phones find the page, with a code for their cameras.

import { get } from "../../api.js";
import { el } from "../../base/dom.js";
import { qrCode } from "../../base/qr.js";
import { fetched } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "setup.network.title";
export const needs = "owner";

export function create({ notices }, card) {
  const show = async () => {
    const view = await fetched(notices, () => get("system/network"));
    if (!view) return;
    side(view);
    const [first, ...others] = view.urls;
    card.body.replaceChildren(
      el("p", { class: "lead" }, t(view.qr.length ? "setup.network.lead" : "setup.network.alone")),
      el("p", { class: "address" }, first), ...(view.qr.length ? [qrCode(view.qr, t("setup.network.code", { url: first }))] : []),
      ...others.flatMap((url) => [el("p", { class: "help" }, t("setup.network.also")), el("p", { class: "address" }, url)]));
  };
  const side = ({ urls }) => card.side(new URL(urls[0]).hostname);
  return { show, glance: async () => side(await get("system/network")) };
}
