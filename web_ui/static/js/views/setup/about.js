// About the box: versions, the licences of what ships, and what its models were trained on.

import { get } from "../../api.js";
import { el } from "../../base/dom.js";
import { fetched } from "../../setting_up/asking.js";
import { fact } from "../../setting_up/facts.js";
import { t } from "../../base/texts.js";

export const title = "setup.about.title";
const OWN = 5; // versions of box, board and system come first, then libraries

export function create({ notices }, card) {
  const version = document.querySelector('meta[name="box-version"]').content;
  card.side(version);

  async function show() {
    const about = await fetched(notices, () => get("system/about"));
    const system = about && (await fetched(notices, () => get("system")));
    const answer = system && (await fetched(notices, () => get("models")));
    if (!answer) return;
    card.body.replaceChildren(
      el("p", { class: "lead" }, t("setup.about.lead", { licence: about.licence })),
      el("dl", { class: "facts" }, ...Object.entries(system.versions).slice(0, OWN).map(fact)),
      folded(t("setup.about.packages", { count: about.packages.length }), el("dl", { class: "facts" },
        ...about.packages.map(({ name, version: its, licence }) => fact([`${name} ${its}`, licence])))),
      ...answer.models.map((model) => folded(t("setup.about.model", model), el("p", { class: "help" }, t("setup.about.model.licence", model)),
        el("ul", { class: "sources" }, ...model.trained_on.map(({ name, licence, what }) =>
          el("li", {}, el("strong", {}, name), ` ${what} `, el("span", { class: "licence" }, licence)))))));
  }

  return { show };
}

const folded = (words, ...parts) => el("details", { class: "whole-card" }, el("summary", {}, words), ...parts);
