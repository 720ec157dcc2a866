// The docs that came with the box: served by it, so that they are there without the internet.

import { get } from "../../api.js";
import { el } from "../../base/dom.js";
import { t } from "../../base/texts.js";

export const title = "setup.docs.title";
const PAGES = ["quick-start", "setup", "page", "pairing", "stage", "troubleshooting", "panel", "wiring", "interfaces", "latency"];

export function create(_, card) {
  const links = PAGES.map((page) => el("li", {}, el("a", { class: "line", href: `/docs/${page}.md` },
    el("span", { class: "line-title" }, t(`setup.docs.${page}`)), el("span", { class: "chevron", "aria-hidden": "true" }))));
  card.body.append(el("p", { class: "lead" }, t("setup.docs.lead")), el("ul", { class: "lines" }, ...links,
    el("li", {}, el("a", { class: "line", href: "/docs/" }, el("span", { class: "line-title" }, t("setup.docs.all")), el("span", { class: "chevron", "aria-hidden": "true" })))));
  card.side(t("setup.docs.side"));
  return { glance: async () => card.hidden(!(await get("system/about")).docs) };
}
