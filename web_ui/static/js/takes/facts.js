// What is said of a take, in the page's language: its name, when it was made, how long it is, what it sounds like.

import { number } from "../base/format.js";
import { either, t } from "../base/texts.js";

const DAY_MS = 86400000;
const lang = () => document.documentElement.lang;
const time = (begun, options) => new Date(begun).toLocaleTimeString(lang(), options);

export const nameOf = (take) => take.name || (take.begun ? time(take.begun, { hour: "numeric", minute: "2-digit" }) : take.id);

export function clock(seconds, digits = 0) {
  // "7:32", "1:02:03"; with one digit "7:32.4".
  const whole = Math.max(0, digits ? Math.floor(seconds * 10) / 10 : Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = (whole % 60).toFixed(digits).padStart(digits ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export function dayOf(take, now = new Date()) {
  // "Today", "Yesterday", or the date.
  if (!take.begun) return t("takes.damaged");
  const begun = new Date(take.begun);
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(take.begun).setHours(0, 0, 0, 0)) / DAY_MS);
  if (days === 0) return t("takes.today");
  if (days === 1) return t("takes.yesterday");
  return begun.toLocaleDateString(lang(), { weekday: "long", day: "numeric", month: "long", ...(begun.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) });
}

export const laneName = (lane) => either(`takes.lane.${lane}`, either(`play.stem.${lane}`, lane));

export function soundsLike(take) {
  // ["A minor", "96 bpm", "voice, drums", "-18.2 LUFS"]: as far as it is known.
  return [
    take.key, take.bpm ? t("takes.bpm", { bpm: Math.round(take.bpm) }) : "",
    take.sounds.map((name) => either(`takes.sounds.${name}`, name)).join(", "),
    take.lufs === null ? "" : t("takes.lufs", { lufs: number(take.lufs, 1) }),
  ].filter(Boolean);
}

export const megabytes = (size) => (size >= 1000 ? t("takes.gigabytes", { size: number(size / 1000, 1) }) : t("takes.megabytes", { size: number(size, size < 10 ? 1 : 0) }));

export function matches(take, words, starred) {
  // Every word is somewhere in what is said of the take.
  if (starred && !take.star) return false;
  const said = [nameOf(take), take.begun, take.preset, take.where, ...soundsLike(take), ...take.versions.map(({ name }) => name)].join(" ").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => said.includes(word));
}
