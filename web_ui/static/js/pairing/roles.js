// The roles and the ends of a pairing, to choose from: when a phone is added, and later.

import { el } from "../base/dom.js";
import { radios } from "../setting_up/asking.js";
import { t } from "../base/texts.js";

export const ROLES = ["player", "engineer", "owner"];
const GIG_HOURS = 12;
const MORNING = 6; // when a weekend is over, on Monday
const HOUR_MS = 3600000;
const DAYS = 13; // a guest stays two weeks at most

export const ENDS = ["stays", "gig", "weekend", "day"];

export function roleRadios(now, choose) {
  return radios(t("pair.role"), ROLES.map((role) => [role, el("span", { class: "row-words" },
    el("strong", {}, t(`pair.role.${role}`)), el("small", {}, t(`pair.role.${role}.help`)))]), now, choose);
}

export function hoursUntil(end, day, now = new Date()) {
  // How long a guest stays, in hours from now; null for a phone that stays. day: an <input type="date">'s value.
  const hours = (to) => Math.max(1, (to - now) / HOUR_MS);
  if (end === "gig") return GIG_HOURS;
  if (end === "weekend") {
    const monday = new Date(now);
    monday.setDate(now.getDate() + ((8 - now.getDay()) % 7 || 7));
    monday.setHours(MORNING, 0, 0, 0);
    return hours(monday);
  }
  if (end === "day") return hours(new Date(`${day}T23:59:59`));
  return null;
}

export function dayInput() {
  const date = (ahead) => {
    const day = new Date(Date.now() + 24 * HOUR_MS * ahead);
    return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  };
  return el("input", { class: "pick", type: "date", value: date(1), min: date(0), max: date(DAYS) });
}

export const when = (seconds) => new Date(1000 * seconds).toLocaleString(document.documentElement.lang, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
