// Backup: save every setting as a file, restore one after looking at what it replaces, and take that back with one tap.

import { get, getBlob, post, postFile, putFile } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { attempt, button, fetched } from "../../setting_up/asking.js";
import { returning } from "../../setting_up/following.js";
import { fetchedOn, fetchFile } from "../../setting_up/files.js";
import { t } from "../../base/texts.js";

export const title = "system.keep";
export const needs = "owner";
const COUNTED = ["presets", "scenes"];

export function create({ connection, notices }, card) {
  const undo = el("div", { class: "undo-card", hidden: true });
  const undoWords = el("p", {});
  const help = el("p", { class: "help" }, t("system.backup.help"));
  const asking = el("div", { class: "form", hidden: true, role: "status" });
  const file = el("input", { type: "file", accept: ".json,application/json", hidden: true, id: "restore-file" });
  file.addEventListener("change", () => file.files[0] && look(file.files[0]));
  const choose = button(t("system.restore"), () => file.click());
  const keys = el("div", { class: "pair" }, button(t("system.backup"), save), choose);
  undo.append(undoWords, el("div", { class: "pair" },
    button(t("system.keep_restore"), async () => (await attempt(notices, () => post("system/keep_restore", { keep: true }))) !== null && load()),
    button(t("system.undo_restore"), () => attempt(notices, () => post("system/undo_restore", { undo: true })), { strong: true })));
  card.body.append(undo, help, keys, file, asking);

  async function save() {
    if (await fetchFile(notices, "backup", "json", () => getBlob("system/backup.json"))) load();
  }

  async function look(chosen) {
    const found = await attempt(notices, () => postFile("system/backup/look", chosen));
    file.value = "";
    if (!found) return;
    const replaces = found.replaces.map(replaced).filter(Boolean);
    const rows = found.replaces.filter(({ what }) => COUNTED.includes(what) || what === "name").map(({ what, now, then }) =>
      el("div", {}, el("dt", {}, t(`system.what.${what}`)), el("dd", {}, `${now || "\u2013"} \u2192 ${then || "\u2013"}`)));
    const cancel = button(t("shell.cancel"), close);
    const go = button(t("system.restore.now"), async () => {
      go.disabled = true;
      if ((await attempt(notices, () => putFile("system/backup.json", chosen))) === null) go.disabled = false;
      else close();
    }, { strong: true });
    asking.replaceChildren(
      el("h3", { tabIndex: -1 }, replaces.length ? t("system.replaces", { list: replaces.join(", ") }) : t("system.replaces.nothing")),
      ...(rows.length ? [el("dl", { class: "facts" }, ...rows)] : []),
      el("p", { class: "help" }, t("system.made", { made_at: moment(found.made_at), made_by: found.made_by })),
      el("p", { class: "help" }, t("system.restore.help")), el("div", { class: "pair" }, cancel, go));
    asking.hidden = false;
    keys.hidden = help.hidden = true; // one thing at a time
    asking.querySelector("h3").focus();
  }

  function close() {
    asking.hidden = true;
    keys.hidden = help.hidden = false;
  }

  function side({ restored }) {
    card.side(restored ? t("system.side.restored") : fetchedOn("backup"));
    undo.hidden = !restored;
    setText(undoWords, restored ? t("system.restored", { when: moment(restored) }) : "");
  }

  async function load() {
    const view = await fetched(notices, () => get("system"));
    if (view) side(view);
  }

  return { ...returning(connection, load, close), glance: async () => side(await get("system")) };
}

function moment(text) {
  // "2026-01-31 21:03:00" as people write it. A backup says itself when it was made: anything may stand there.
  const at = new Date(text.replace(" ", "T"));
  return Number.isNaN(at.getTime()) ? text : at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
}

function replaced({ what, now, then }) {
  // "3 presets"; nothing where there was none.
  if (what === "name") return now ? t("system.replaced.name") : "";
  if (now === "0") return "";
  if (!COUNTED.includes(what)) return t(`system.replaced.${what}`);
  return t(now === "1" ? `system.replaced.${what}.one` : `system.replaced.${what}`, { count: now, then });
}
