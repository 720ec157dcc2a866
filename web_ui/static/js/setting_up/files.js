// Files that the box makes, into the phone's downloads; each phone remembers the day of the last one of a kind.

import { el } from "../base/dom.js";
import { t } from "../base/texts.js";
import { attempt } from "./asking.js";

const KEPT_MS = 60000;
const KEY = "hushbox.";

export async function fetchFile(notices, what, kind, ask) {
  // Returns whether it came. what: "backup"; kind: "json".
  notices.set("file", t("system.fetching"), { stays: true });
  const found = await attempt(notices, ask);
  notices.set("file", "");
  if (!found) return false;
  const link = el("a", { href: URL.createObjectURL(found), download: `${stem()}-${what}-${new Date().toISOString().slice(0, 10)}.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
  notices.say(t("system.fetched"), { grave: false });
  try {
    localStorage.setItem(KEY + what, new Date().toLocaleDateString(document.documentElement.lang));
  } catch {
    // Storage is forbidden here: the line does not say when.
  }
  return true;
}

export function fetchedOn(what) {
  // What the line of a section says: when this phone got the last file of this kind.
  let day = "";
  try {
    day = localStorage.getItem(KEY + what) ?? "";
  } catch {
    // storage is forbidden here
  }
  return day ? t("system.side.saved", { day }) : t("system.side.never");
}

function stem() {
  // The box's name as the beginning of a file's name; letters of every script survive.
  return document.title.toLowerCase().normalize("NFC").replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") || "hushbox";
}
