// Files that the box makes, into the phone's downloads.

import { el } from "../base/dom.js";
import { t } from "../base/texts.js";
import { attempt } from "./asking.js";

const KEPT_MS = 60000;

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
  return true;
}

function stem() {
  // The box's name as the beginning of a file's name; letters of every script survive.
  return document.title.toLowerCase().normalize("NFC").replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") || "hushbox";
}
