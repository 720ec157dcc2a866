// This phone: settings that only this browser remembers.

import { get, post } from "../../api.js";
import { opened } from "../../base/dialog.js";
import { el, setText } from "../../base/dom.js";
import { attempt, button } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "setup.phone.title";
export const needs = "";

const ROOT = document.documentElement;
const LANGUAGE = "hushbox-language"; // a cookie, which the box reads (web_ui/page.py)
const YEAR_S = 365 * 24 * 3600;

export function create({ wake, notices, entry }, card) {
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
  const pairing = el("div", { class: "group", hidden: true });
  const drawPairing = () => {
    pairing.hidden = !entry.role;
    pairing.replaceChildren(el("h3", {}, t("pair.own")), el("p", {}, t(`pair.own.${entry.role || "player"}`)), button(t("pair.leave"), () => leave(notices, entry)));
  };
  drawPairing();
  card.body.append(
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.theme")), themes),
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.language")), languages),
    el("div", { class: "group" }, el("h3", {}, t("setup.phone.awake")), awake, words), pairing);
  return { entry: drawPairing };
}

async function leave(notices, entry) {
  // Asks once. The last owner cannot leave, or nobody could set the box up any more.
  const { phones } = entry.may("owner") ? (await attempt(notices, () => get("phones"))) ?? { phones: [] } : { phones: [] };
  if (entry.may("owner") && phones.filter(({ role }) => role === "owner").length < 2) return notices.say(t("pair.last_owner"));
  const yes = button(t("pair.leave"), async () => {
    node.close();
    if ((await attempt(notices, () => post("pairing/leave", { leave: true }))) !== null) await attempt(notices, () => entry.look());
  });
  yes.classList.add("danger");
  const node = opened(t("pair.leave.sure"), el("p", { class: "lead" }, t("pair.leave.help")),
    el("div", { class: "dialog-buttons" }, button(t("shell.cancel"), () => node.close()), yes));
  return undefined;
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
