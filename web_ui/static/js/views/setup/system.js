// The box as a machine: its health, versions, log, backup and diagnostics files, restart and power off.

import { get, getBlob, makeBlob, post, putFile } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { attempt, button, fetched } from "../../setting_up/asking.js";
import { t } from "../../base/texts.js";

export const title = "system.title";
const OWN = 5; // versions of box, board and system come first, then libraries

export function create({ notices }, card) {
  const health = el("p", { class: "said", hidden: true });
  const facts = el("dl", { class: "facts" });
  const libraries = el("dl", { class: "facts" });
  const log = el("pre", { class: "log", tabIndex: 0, hidden: true, ariaLabel: t("system.log") });
  const power = el("div", { class: "form" });
  const file = el("input", { type: "file", accept: ".json,application/json", hidden: true, id: "restore-file" });
  file.addEventListener("change", () => file.files[0] && restore(file.files[0]));

  card.body.append(health,
    el("section", { class: "group" }, facts, el("details", { class: "form-rest" }, el("summary", {}, t("system.libraries")), libraries)),
    el("section", { class: "group" }, el("h3", {}, t("system.keep")), el("p", { class: "help" }, t("system.backup.help")),
      el("div", { class: "pair" }, button(t("system.backup"), () => fetchFile("backup", "json", () => getBlob("system/backup.json"))), button(t("system.restore"), () => file.click())), file),
    el("section", { class: "group" }, el("h3", {}, t("system.help")), el("p", { class: "help" }, t("system.diagnostics.help")),
      el("div", { class: "pair" }, button(t("system.diagnostics"), () => fetchFile("diagnostics", "zip", () => makeBlob("system/diagnostics.zip", { make: true }))), button(t("system.log.show"), showLog)), log),
    el("section", { class: "group" }, el("h3", {}, t("system.power")), power));

  async function show() {
    const view = await fetched(notices, () => get("system"));
    if (!view) return;
    health.hidden = !view.health;
    setText(health, view.health);
    card.side(view.health ? t("system.trouble") : view.versions.Hushbox);
    const versions = Object.entries(view.versions);
    const rows = versions.slice(0, OWN);
    if (view.temperature_c !== null) rows.push([t("system.temperature"), t("system.degrees", { value: view.temperature_c.toFixed(0) })]);
    rows.push([t("system.uptime"), hours(view.uptime_s)]);
    facts.replaceChildren(...rows.map(fact));
    libraries.replaceChildren(...versions.slice(OWN).map(fact));
    power.replaceChildren(
      ...twice(t("system.restart"), t("system.restart.sure"), view.no_restart, () => post("system/restart", { restart: true }), t("system.restart.done")),
      ...twice(t("system.power_off"), t("system.power_off.sure"), view.no_power_off, () => post("system/power_off", { power_off: true }), t("system.power_off.done")));
  }

  function twice(words, sure, why_not, ask, done) {
    // It takes two presses, because sound stops. The button itself asks for the second one.
    const node = button(words, async () => {
      if (node.dataset.sure !== "yes") {
        node.dataset.sure = "yes";
        setText(node, sure);
        setTimeout(() => {
          node.dataset.sure = "";
          setText(node, words);
        }, 5000);
        return;
      }
      if ((await attempt(notices, ask)) !== null) notices.say(done, { grave: false });
    });
    node.disabled = Boolean(why_not);
    return why_not ? [node, el("p", { class: "help" }, why_not)] : [node];
  }

  async function fetchFile(what, kind, ask) {
    notices.say(t("system.fetching"), { grave: false });
    const found = await attempt(notices, ask);
    if (!found) return;
    const name = document.title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const link = el("a", { href: URL.createObjectURL(found), download: `${name}-${what}-${new Date().toISOString().slice(0, 10)}.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    notices.say(t("system.fetched"), { grave: false });
  }

  async function restore(chosen) {
    const done = await attempt(notices, () => putFile("system/backup.json", chosen));
    file.value = "";
    if (done !== null) notices.say(t("system.restored"), { grave: false });
  }

  async function showLog() {
    const answer = await fetched(notices, () => get("system/log"));
    if (!answer) return;
    log.hidden = false;
    setText(log, answer.lines.join("\n") || t("system.log.empty"));
    log.scrollTop = log.scrollHeight;
  }

  return { show };
}

const fact = ([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

function hours(seconds) {
  const minutes = Math.floor(seconds / 60);
  return t("system.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
