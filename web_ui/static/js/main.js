// The page: connects the parts that outlive every view (connection, parameters, warning line) with the views.

import { get, put, Refusal } from "./api.js";
import { Health } from "./sound/health.js";
import { Connection } from "./box/connection.js";
import { Entry } from "./box/entry.js";
import { byId } from "./base/dom.js";
import { OnPhone } from "./sound/on_phone.js";
import { Notices } from "./base/notices.js";
import { claimFromAddress } from "./pairing/code.js";
import { Params } from "./box/params.js";
import { PresetsStore } from "./box/presets_store.js";
import { t } from "./base/texts.js";
import { Views } from "./views.js";
import { Wake } from "./base/wake.js";

const FRESH_MS = 5000; // values that came with the page count for this long
const ENDING_MS = 60000; // a restart that takes longer is trouble

const box = { connection: new Connection(), params: new Params(), notices: new Notices(byId("notices")) };
box.entry = new Entry();
const { connection, params, notices, entry } = box;
box.presets = new PresetsStore(connection, params);
box.wake = new Wake();
const health = new Health(box);
box.phone = new OnPhone(box);
const views = new Views(box);
let ending = ""; // "restart" or "power off": somebody asked for it, so that silence is no trouble
let endingTimer = 0;

// --- messages of the box ---

connection.addEventListener("status", ({ detail: status }) => {
  document.body.dataset.state = status.state;
  health.show(status);
  const action = status.demo ? { label: t("play.phone"), run: hearHere } : null;
  const heard = status.calm && box.phone.on; // there is nothing left to say
  notices.set("box", ending || heard ? "" : status.message, { warning: !status.calm, action });
  notices.set("safe", status.safe_mode ? t("shell.safe", { why: status.safe_mode }) : "",
    { grave: true, stays: true, action: { label: t("shell.safe.leave"), run: leaveSafeMode } });
  params.beat();
  views.tell("status", status);
});

connection.addEventListener("setup", ({ detail }) => {
  if (detail.ending === ending) return;
  ending = detail.ending;
  clearTimeout(endingTimer);
  if (ending === "restart") endingTimer = setTimeout(() => { if (connection.state !== "live") endingIsLate(); }, ENDING_MS);
  health.ends(ending);
  notices.set("ending", ending ? t(`shell.ending.${ending}`) : "", { stays: true });
});

connection.addEventListener("params", ({ detail }) => params.take(detail));

connection.addEventListener("state", ({ detail: { state, why } }) => {
  document.body.dataset.link = state;
  health.link(state);
  if (state === "live") {
    notices.set("link", "");
    if (performance.now() > FRESH_MS) refresh();
    return;
  }
  if (!ending) notices.set("link", why ? t("shell.lost.why", { why }) : t("shell.lost"), { grave: true, stays: true });
  params.forget();
  views.tell("forget");
});

params.addEventListener("views", () => {
  params.unwatchAll();
  views.tell("rebuild");
});
params.addEventListener("refused", ({ detail }) => notices.say(detail));

function endingIsLate() {
  ending = "";
  health.ends("");
  notices.set("ending", "");
  notices.set("link", t("shell.lost"), { grave: true, stays: true });
}

function hearHere() {
  box.phone.start();
  location.hash = "#play"; // where it is stopped
}

async function leaveSafeMode() {
  try {
    await put("safe_mode", { on: false });
  } catch (error) {
    if (error instanceof Refusal) notices.say(error.message);
  }
}

async function refresh() {
  // After a break the box may be another version, with other parameters.
  try {
    const { version } = await get("session");
    if (version !== document.querySelector('meta[name="box-version"]').content) location.reload();
    await params.load();
  } catch {
    // The connection reports it.
  }
}

// --- who this phone is to the box ---

connection.addEventListener("pairing", ({ detail }) => {
  // A stream that was opened before this phone was paired knows it as nobody: only an answer to a question counts.
  if (!entry.knows(detail)) look();
});

document.addEventListener("locked", async () => {
  // Its role may have changed a moment ago; then the page offers less now, and says so.
  if (!(await look()) && !entry.closed) unlock();
});

entry.addEventListener("changed", ({ detail: { before } }) => {
  if (entry.closed) return location.reload(); // the box sends its door
  if (entry.role !== before.role) notices.say(t(`pair.now.${entry.role || "nobody"}`), { grave: false });
  if (entry.phoneId !== before.phone_id) connection.renew();
  views.arrange();
});

async function look() {
  try {
    return await entry.look();
  } catch {
    return false; // the box is away
  }
}

async function unlock(said = "") {
  (await import("./pairing/locked_sheet.js")).openLocked(entry, said);
}

async function begin() {
  entry.refusal = await claimFromAddress(entry);
  const first = document.body.hasAttribute("data-first-visit");
  if (first && !location.hash && (entry.may("owner") || !entry.claimed)) location.replace("#setup/wizard");
  views.start();
  connection.start();
  if (entry.refusal && entry.claimed) unlock(entry.refusal); // the first steps of a fresh box show it
}

addEventListener("hashchange", async () => {
  // Another code was scanned or pasted here.
  if (!location.hash.startsWith("#pair=")) return;
  const said = await claimFromAddress(entry);
  if (said) unlock(said);
});

begin();
