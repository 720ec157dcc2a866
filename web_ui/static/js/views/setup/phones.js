// The phones that are paired with the box: what each may do, one more, and whether others in the network may play.

import { del, get, patch, put } from "../../api.js";
import { ask, menu, opened } from "../../base/dialog.js";
import { el } from "../../base/dom.js";
import { t } from "../../base/texts.js";
import { inviteSheet } from "../../pairing/invite_sheet.js";
import { roleRadios, when } from "../../pairing/roles.js";
import { attempt, button, fetched } from "../../setting_up/asking.js";

export const title = "pair.phones";
export const needs = "owner";

const LOOK_MS = 10000; // while it is looked at
const HERE_S = 120; // seen so lately: it has the page open
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

export function create({ notices, entry }, card) {
  const list = el("ul", { class: "rows" });
  const open = el("input", { type: "checkbox", role: "switch", id: "open-play", "aria-describedby": "open-play-help" });
  let known = [];
  let timer = 0;
  let sending = Promise.resolve(); // one after the other: the box keeps the last
  let waiting = 0; // how many of the switch's changes the box has not answered yet
  let changes = 0; // an answer that was asked for before one of them does not move the switch back

  open.addEventListener("change", () => {
    const on = open.checked;
    waiting += 1;
    changes += 1;
    sending = sending.then(() => attempt(notices, () => put("phones/open_play", { on }))).then(() => {
      waiting -= 1;
      changes += 1;
      return load();
    });
  });
  card.body.append(list,
    el("div", { class: "form" }, button(t("pair.add"), () => inviteSheet(notices, known.map(({ id }) => id), { changed: load, rename }), { strong: true })),
    el("div", { class: "group" }, el("label", { class: "switch-line" }, el("span", {}, t("pair.open_play")), open), el("p", { class: "help", id: "open-play-help" }, t("pair.open_play.help"))));

  async function load() {
    const before = changes;
    const answer = await fetched(notices, () => get("phones"));
    if (answer) show(answer, before === changes && !waiting);
  }

  function show({ phones, open_play: anybody, now }, isFresh) {
    known = phones;
    card.side(t(phones.length === 1 ? "pair.side.one" : "pair.side", { count: phones.length }));
    if (isFresh) open.checked = anybody;
    const focused = document.activeElement?.dataset?.phone;
    list.replaceChildren(...phones.map((phone) => row(phone, now)));
    if (focused) list.querySelector(`[data-phone="${CSS.escape(focused)}"]`)?.focus();
  }

  function row(phone, now) {
    const more = button("\u22ef", () => change(phone));
    more.classList.add("more-key");
    more.setAttribute("aria-label", t("pair.more", { name: phone.name }));
    more.dataset.phone = phone.id;
    const end = phone.ends === null ? "" : t("pair.until", { when: when(phone.ends) });
    return el("li", { class: "row phone-row" }, el("span", { class: "row-words" }, el("strong", {}, phone.name),
      el("span", {}, [t(`pair.role.${phone.role}`), end].filter(Boolean).join(" \u00b7 ")), el("small", {}, phone.here ? t("pair.here") : seen(now - phone.seen))), more);
  }

  const isLastOwner = ({ role }) => role === "owner" && known.filter((each) => each.role === "owner").length === 1;
  const send = async (work) => {
    if ((await attempt(notices, work)) !== null) await load();
  };

  const pathOf = ({ id }) => `phones/${encodeURIComponent(id)}`;

  function rename(phone) {
    ask(t("pair.rename"), { value: phone.name, label: t("pair.name.other"), save: t("pair.rename"), then: async (name) => {
      await patch(pathOf(phone), { name });
      load();
    } });
  }

  function change(phone) {
    const last = isLastOwner(phone);
    menu(phone.name, [
      [t("pair.rename"), () => rename(phone)],
      !last && [t("pair.role"), () => choose(phone)],
      !last && [t("pair.remove"), () => remove(phone), "danger"],
    ], { about: last ? t("pair.last_owner") : "" });
  }

  function choose(phone) {
    const node = opened(phone.name, el("div", { class: "menu" }, roleRadios(phone.role, (role) => {
      node.close();
      send(() => patch(pathOf(phone), { role }));
    }), button(t("shell.cancel"), () => node.close())));
    node.querySelector(":checked").focus();
  }

  function remove(phone) {
    const yes = button(t("pair.remove"), () => {
      node.close();
      send(() => del(pathOf(phone), { revoke: true }));
    });
    yes.classList.add("danger");
    const node = opened(t("pair.remove.sure", { name: phone.name }), el("p", { class: "lead" }, t("pair.remove.help")),
      el("div", { class: "dialog-buttons" }, button(t("shell.cancel"), () => node.close()), yes));
  }

  return {
    async show() {
      await load();
      clearInterval(timer);
      timer = setInterval(load, LOOK_MS);
    },
    hide: () => clearInterval(timer),
    glance: async () => show(await get("phones")),
    entry: () => entry.may("owner") || clearInterval(timer),
  };
}

function seen(ago) {
  if (ago < HERE_S) return t("pair.seen.now");
  const [unit, seconds] = UNITS.find(([, each]) => ago >= each);
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  return t("pair.seen", { when: words.format(-Math.round(ago / seconds), unit) });
}
