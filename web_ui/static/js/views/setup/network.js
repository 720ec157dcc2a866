// The network: the addresses at which other phones find the page, and how the box is connected.

import { get } from "../../api.js";
import { el } from "../../base/dom.js";
import { qrCode } from "../../base/qr.js";
import { toCompare } from "../../pairing/fingerprint.js";
import { fetched } from "../../setting_up/asking.js";
import { inWords, NetworkForm } from "../../setting_up/network.js";
import { t } from "../../base/texts.js";

export const title = "setup.network.title";
export const needs = "owner";

export function create({ notices, connection }, card) {
  const form = new NetworkForm(notices);
  const here = el("div", { class: "form" });
  card.body.append(here, form.node);
  form.addEventListener("view", ({ detail }) => side(detail));
  let shown = false;
  let host = "";
  let revision = 0;

  const side = (view) => {
    if (!view.why_not) card.side(inWords(view), Boolean(view.failed || view.own.problem));
    else if (host) card.side(host);
  };

  async function addresses() {
    const view = await fetched(notices, () => get("system/network"));
    if (!view) return;
    const [first, ...others] = view.urls;
    host = new URL(first).hostname;
    here.replaceChildren(
      el("p", { class: "lead" }, t(view.qr.length ? "setup.network.lead" : "setup.network.alone")),
      el("p", { class: "address" }, first), ...(view.qr.length ? [qrCode(view.qr, t("setup.network.code", { url: first }))] : []),
      ...others.flatMap((url) => [el("p", { class: "help" }, t("setup.network.also")), el("p", { class: "address" }, url)]), ...toCompare(view.fingerprint));
  }

  connection.addEventListener("setup", ({ detail }) => {
    if (detail.revision !== revision && shown) form.load();
    revision = detail.revision;
  });
  return {
    async show() {
      shown = true;
      await addresses();
      await form.load();
    },
    hide() {
      shown = false;
      form.rest();
    },
    async glance() {
      if (!host) host = new URL((await get("system/network")).urls[0]).hostname;
      side(await get("network"));
    },
  };
}
