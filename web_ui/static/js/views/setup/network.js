// The network: the addresses at which other phones find the page, with a code for their cameras.

import { get } from "../../api.js";
import { el, svg } from "../../base/dom.js";
import { fetched } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "setup.network.title";
const MARGIN = 4; // light modules around a QR code, as its standard asks

export function create({ notices }, card) {
  const show = async () => {
    const view = await fetched(notices, () => get("system/network"));
    if (!view) return;
    side(view);
    const [first, ...others] = view.urls;
    card.body.replaceChildren(
      el("p", { class: "lead" }, t(view.qr.length ? "setup.network.lead" : "setup.network.alone")),
      el("p", { class: "address" }, first), ...(view.qr.length ? [code(view.qr, first)] : []),
      ...others.flatMap((url) => [el("p", { class: "help" }, t("setup.network.also")), el("p", { class: "address" }, url)]));
  };
  const side = ({ urls }) => card.side(new URL(urls[0]).hostname);
  return { show, glance: async () => side(await get("system/network")) };
}

function code(rows, url) {
  const size = rows.length + 2 * MARGIN;
  const dark = rows.flatMap((row, y) => [...row].map((dot, x) => (dot === "1" ? `M${x + MARGIN} ${y + MARGIN}h1v1h-1z` : ""))).join("");
  return svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": t("setup.network.code", { url }) },
    svg("rect", { class: "qr-light", width: size, height: size }), svg("path", { class: "qr-dark", d: dark }));
}
