// The code that pairs a phone: ten letters and digits, shown as XXXXX-XXXXX. It comes in the address (#pair=…), which no log
// and no other site gets to see, or is typed.

import { post } from "../api.js";
import { either, t } from "../base/texts.js";

const LENGTH = 10;
const LIKE = { O: "0", I: "1", L: "1" }; // the alphabet (Crockford's base 32) leaves out what looks like these

function takeFromAddress() {
  // The code in the address, which forgets it at once; "" when there is none.
  // What stands behind it (&fp=…) is the certificate's fingerprint, for people to compare: a page cannot see its certificate.
  const found = /^#(?:pair=([^&]*)|fp=)/.exec(location.hash);
  if (!found) return "";
  history.replaceState(null, "", location.pathname + location.search);
  return tidy(found[1] ?? "");
}

export async function claimFromAddress(entry) {
  // Pairs by the code in the address, if there is one. Resolves to why that failed, in words; "" when there is nothing to say.
  const code = takeFromAddress();
  if (!code || entry.role === "owner") return ""; // an owner has nothing to gain, and somebody else may need the code
  try {
    await claim(entry, code);
  } catch (error) {
    return refused(error);
  }
  return "";
}

export const refused = (error) => either(`pair.refused.${error.code}`, error.message);

export function tidy(typed) {
  // As the box writes it: "k7 oil-22" -> "K7011-22". Spaces and lower case do no harm.
  const code = typed.toUpperCase().replace(/[OIL]/g, (letter) => LIKE[letter]).replace(/[^0-9A-Z]/g, "").slice(0, LENGTH);
  return code.length > LENGTH / 2 ? `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}` : code;
}

export const whole = (code) => code.replace("-", "").length === LENGTH;

export async function claim(entry, code, name = phoneName()) {
  // Pairs this phone. Throws with words for people when the box refuses, and when the browser keeps no cookie.
  await seen();
  await post("pairing/claim", { code, name });
  await paired(entry);
}

export async function paired(entry) {
  // The box has let this phone in: look what it may now.
  await entry.look();
  if (!entry.role) throw new Error(t("pair.no_cookie"));
}

export function phoneName() {
  // What to call this phone until somebody names it, from what its browser says of itself.
  const is = (words) => words.test(navigator.userAgent);
  if (is(/iPhone/)) return t("pair.phone.iphone");
  if (is(/iPad/) || (is(/Macintosh/) && navigator.maxTouchPoints > 1)) return t("pair.phone.ipad");
  if (is(/Android/)) return t(is(/Mobile/) ? "pair.phone.android" : "pair.phone.tablet");
  const system = [[/Macintosh/, "mac"], [/Windows/, "windows"], [/CrOS/, "chromebook"], [/Linux/, "linux"]].find(([words]) => is(words));
  return t(`pair.phone.${system ? system[1] : "other"}`);
}

export function forgets() {
  // Whether this is a window whose cookies go when it closes: the one that an iPhone, a Mac or an Android phone opens by itself
  // in the box's own Wi-Fi. What a phone has put on its home screen keeps them.
  const agent = navigator.userAgent;
  return /; wv\)/.test(agent) || (/iPhone|iPad|Macintosh/.test(agent) && /AppleWebKit/.test(agent) && !/Safari\//.test(agent) && !navigator.standalone);
}

function seen() {
  // A page that the browser loads ahead, before anybody has opened it, must not use the code up.
  return document.prerendering ? new Promise((resolve) => document.addEventListener("prerenderingchange", resolve, { once: true })) : null;
}
