// This phone: settings that only this browser remembers.

import { el, setText } from "../../base/dom.js";
import { t } from "../../base/texts.js";

export const title = "setup.phone.title";

const ROOT = document.documentElement;
const LANGUAGE = "hushbox-language"; // a cookie, which the box reads (web_ui/page.py)
const YEAR_S = 365 * 24 * 3600;

export function create({ wake }, card) {
  const themes = choice("theme", "setup.phone.theme", ["auto", "light", "dark"].map((id) => [id, t(`setup.phone.${id}`)]),
    ROOT.dataset.themeChoice, (id) => dispatchEvent(new CustomEvent("hushbox-theme", { detail: id })));
  const known = ROOT.dataset.languages.split(" ").map((id) => [id, new Intl.DisplayNames([id], { type: "language" }).of(id)]);
  const languages = choice("language", "setup.phone.language", [["", t("setup.phone.auto")], ...known],
    ROOT.dataset.languageChoice, speak);
  const awake = el("button", { class: "plain", type: "button" });
  const words = el("p", { class: "help", role: "status" });
  awake.addEventListener("click", () => wake.want(!wake.wanted));
  const draw = () => {
    awake.setAttribute("aria-pressed", String(wake.wanted));
    setText(awake, t(wake.wanted ? "setup.phone.awake.on" : "setup.phone.awake.off"));
    setText(words, t(`setup.phone.awake.${wake.state}.words`));
  };
  const side = () => card.side(t(`setup.phone.${ROOT.dataset.themeChoice}`));
  addEventListener("hushbox-theme", side);
  side();
  wake.addEventListener("changed", draw);
  draw();
  card.body.append(
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.theme")), themes),
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.language")), languages),
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.awake")), awake, words));
  return {};
}

function choice(name, label, options, chosen, choose) {
  const inputs = options.map(([value, words]) => {
    const input = el("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    return el("label", {}, input, el("span", {}, words));
  });
  return el("div", { class: "choice", role: "radiogroup", "aria-label": t(label) }, ...inputs);
}

function speak(language) {
  // The box writes the page in the phone's language ("") or in this one.
  document.cookie = `${LANGUAGE}=${language}; path=/; max-age=${language ? YEAR_S : 0}; samesite=strict`;
  location.reload();
}
