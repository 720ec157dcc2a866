// This phone: settings that only this browser remembers.

import { el, setText } from "../../base/dom.js";
import { t } from "../../base/texts.js";

export const title = "setup.phone.title";

export function create({ wake }, card) {
  const themes = el("div", { class: "choice", role: "radiogroup", "aria-label": t("setup.phone.theme") });
  for (const theme of ["dark", "light"]) {
    const input = el("input", { type: "radio", name: "theme", value: theme, checked: document.documentElement.dataset.theme === theme });
    input.addEventListener("change", () => dispatchEvent(new CustomEvent("hushbox-theme", { detail: theme })));
    themes.append(el("label", {}, input, el("span", {}, t(`setup.phone.${theme}`))));
  }
  const awake = el("button", { class: "plain", type: "button" });
  const words = el("p", { class: "help", role: "status" });
  awake.addEventListener("click", () => wake.want(!wake.wanted));
  const draw = () => {
    awake.setAttribute("aria-pressed", String(wake.wanted));
    setText(awake, t(wake.wanted ? "setup.phone.awake.on" : "setup.phone.awake.off"));
    setText(words, t(`setup.phone.awake.${wake.state}.words`));
  };
  const side = () => card.side(t(`setup.phone.${document.documentElement.dataset.theme}`));
  addEventListener("hushbox-theme", side);
  side();
  wake.addEventListener("changed", draw);
  draw();
  card.body.append(
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.theme")), themes),
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.awake")), awake, words));
  return {};
}
