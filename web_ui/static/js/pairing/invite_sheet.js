// Add a phone: a QR code and a link that let one more phone in, with the role and the end that were chosen. When that phone
// has come, the sheet says so.

import { get, post } from "../api.js";
import { opened } from "../base/dialog.js";
import { el, setText } from "../base/dom.js";
import { qrCode } from "../base/qr.js";
import { t } from "../base/texts.js";
import { attempt, button, field, select } from "../setting_up/asking.js";
import { toCompare } from "./fingerprint.js";
import { dayInput, ENDS, hoursUntil, ROLES, when } from "./roles.js";

const LOOK_MS = 2000;

export async function inviteSheet(notices, known, { changed, rename }) {
  // known: the ids of the phones that are paired already. changed(): one more is. rename(phone): asks for its name.
  let role = ROLES[0];
  let asked = 0;
  let link = "";
  const end = select(ENDS.map((name) => [name, t(`pair.end.${name}`)]), ENDS[0]);
  const day = dayInput();
  const ends = field("invite-end", t("pair.end"), end);
  const days = field("invite-day", t("pair.end.until"), day);
  const help = el("p", { class: "help", role: "status" });
  const place = el("div", { class: "invite-code" });
  const copy = button(t("pair.copy"), async () => setText(copy, t(copied(link) ? "pair.copied" : "pair.copy.failed")));
  const share = button(t("pair.share"), () => navigator.share({ title: document.title, url: link }).catch(() => {}));
  share.hidden = !navigator.share; // browsers offer it on secure addresses only
  const done = button(t("pair.done"), () => node.close(), { strong: true });
  const choice = el("div", { class: "choice", role: "radiogroup", "aria-label": t("pair.role") }, ...ROLES.map((name) => {
    const input = el("input", { type: "radio", name: "invite-role", value: name, checked: name === role });
    input.addEventListener("change", () => {
      role = name;
      make();
    });
    return el("label", {}, input, el("span", {}, t(`pair.role.${name}`)));
  }));
  const body = el("div", { class: "form invite" }, choice, help, place, el("div", { class: "invite-keys" }, share, copy), ends, days);
  const node = opened(t("pair.add"), body, el("div", { class: "form way" }, done));
  node.classList.add("tall");
  for (const input of [end, day]) input.addEventListener("change", make);
  const timer = setInterval(look, LOOK_MS);
  node.addEventListener("close", () => clearInterval(timer));
  return make();

  async function make() {
    const mine = ++asked;
    ends.hidden = role === "owner"; // who comes for a while is never an owner
    days.hidden = ends.hidden || end.value !== "day";
    setText(help, t(`pair.role.${role}.help`));
    setText(copy, t("pair.copy"));
    const hours = ends.hidden ? null : hoursUntil(end.value, day.value);
    const invite = await attempt(notices, () => post("phones/invite", { role, hours }));
    if (mine !== asked) return;
    if (!invite) return node.close();
    link = invite.link;
    place.replaceChildren(qrCode(invite.qr, t("pair.qr", { code: invite.code })), el("p", { class: "pair-code" }, invite.code), el("p", { class: "help" },
      hours === null ? t("pair.once") : t("pair.once.guest", { when: when(invite.ends) })), ...toCompare(invite.fingerprint));
    return undefined;
  }

  async function look() {
    const { phones } = await get("phones").catch(() => ({ phones: [] }));
    const fresh = phones.find(({ id }) => !known.includes(id));
    if (!fresh || !node.open) return;
    clearInterval(timer);
    body.replaceChildren(el("p", { class: "verdict", "data-verdict": "good", role: "status" }, t("pair.came", { name: fresh.name, role: t(`pair.role.${fresh.role}`) })),
      button(t("pair.rename"), () => {
        node.close();
        rename(fresh);
      }));
    done.focus();
    changed();
  }
}

function copied(text) {
  // Over plain HTTP there is no navigator.clipboard; what is selected can be copied everywhere.
  const area = el("textarea", { value: text, readOnly: true, class: "hidden-help", "aria-hidden": "true" });
  (document.querySelector("dialog[open]") ?? document.body).append(area); // outside a dialog nothing can be selected
  area.select();
  try {
    return document.execCommand("copy");
  } finally {
    area.remove();
  }
}
