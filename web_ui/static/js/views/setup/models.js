// Every model of the box in a producer's words: its use, its latency and size, and what it was trained on.

import { get } from "../../api.js";
import { el } from "../../base/dom.js";
import { markdown } from "../../base/markdown.js";
import { fetched } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "models.title";

export function create({ notices }, card) {
  const load = el("p", { class: "help" });
  const cards = el("div", { class: "group" });
  card.body.append(load, cards);

  async function show() {
    const answer = await fetched(notices, () => get("models"));
    if (!answer) return;
    cards.replaceChildren(...answer.models.map(model));
    if (!answer.models.length) cards.append(el("p", { class: "lead" }, t("models.none")));
  }

  return {
    show,
    status(status) {
      card.side(status.bundle);
      load.textContent = status.bundle ? t("models.load", { name: status.bundle, load: (100 * status.load_p99).toFixed(0) }) : "";
    },
  };
}

function model(card) {
  const facts = el("dl", { class: "facts" }, ...[
    [t("models.runs"), t(`models.runs.${card.runs}`)],
    [t("models.delay"), t("models.ms", { value: card.latency_ms.toFixed(1) })],
    [t("models.size"), t("models.size.words", { parameters: (card.parameters / 1e6).toFixed(1), megabytes: (card.size_bytes / 1e6).toFixed(1) })],
    [t("models.licence"), card.licence],
    ...(card.chosen ? [[t("models.chosen"), t(card.chosen.fits ? "models.chosen.fits" : "models.chosen.nearest", {
      frames: card.chosen.period_frames, load: (100 * card.chosen.load_p99).toFixed(0) })]] : []),
  ].map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  const sources = el("ul", { class: "sources" }, ...card.trained_on.map(({ name, licence, what }) =>
    el("li", {}, el("strong", {}, name), ` ${what} `, el("span", { class: "licence" }, licence))));
  const whole = card.card ? [el("details", { class: "whole-card" }, el("summary", {}, t("models.card")), markdown(card.card))] : [];
  return el("article", { class: "model" }, el("h3", {}, `${card.name} ${card.version}`), el("p", { class: "lead" }, card.summary), facts,
    el("details", { class: "whole-card" }, el("summary", {}, t("models.trained", { count: card.trained_on.length })), sources), ...whole);
}
