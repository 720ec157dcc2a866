// The page: connects the parts that outlive every view (connection, parameters, warning line) with the views.

import { get, put, Refusal } from "./api.js";
import { Connection } from "./box/connection.js";
import { byId, setText } from "./base/dom.js";
import { OnPhone } from "./sound/on_phone.js";
import { Notices } from "./base/notices.js";
import { Params } from "./box/params.js";
import { PresetsStore } from "./box/presets_store.js";
import { t } from "./base/texts.js";
import { Views } from "./views.js";
import { Wake } from "./base/wake.js";

const FRESH_MS = 5000; // values that came with the page count for this long
const ENDING_MS = 60000; // a restart that takes longer is trouble

const box = { connection: new Connection(), params: new Params(), notices: new Notices(byId("notices")) };
const { connection, params, notices } = box;
box.presets = new PresetsStore(connection, params);
box.wake = new Wake();
box.phone = new OnPhone(box);
const views = new Views(box);
let ending = ""; // "restart" or "power off": somebody asked for it, so that silence is no trouble
let endingTimer = 0;

// --- messages of the box ---

connection.addEventListener("status", ({ detail: status }) => {
  setText(byId("device"), deviceWords(status));
  document.body.dataset.state = status.state;
  if (connection.state === "live") setText(byId("link-text"), linkWords(status));
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
  document.body.toggleAttribute("data-ending", Boolean(ending));
  notices.set("ending", ending ? t(`shell.ending.${ending}`) : "", { stays: true });
});

connection.addEventListener("params", ({ detail }) => params.take(detail));

connection.addEventListener("state", ({ detail: { state, why } }) => {
  document.body.dataset.link = state;
  if (state === "live") {
    notices.set("link", "");
    setText(byId("link-text"), t("shell.link.live"));
    if (performance.now() > FRESH_MS) refresh();
    return;
  }
  setText(byId("link-text"), t(ending ? `shell.link.${ending}` : "shell.link.lost"));
  if (!ending) notices.set("link", why ? t("shell.lost.why", { why }) : t("shell.lost"), { grave: true, stays: true });
  params.forget();
  views.tell("forget");
});

params.addEventListener("views", () => {
  params.unwatchAll();
  views.tell("rebuild");
});
params.addEventListener("refused", ({ detail }) => notices.say(detail));

function deviceWords(status) {
  const format = `${status.rate_hz / 1000} kHz, ${status.period_frames}\u00a0\u00d7\u00a0${status.periods}`;
  return [status.device, status.demo ? t("shell.demo") : "", status.rate_hz ? format : ""].filter(Boolean).join(" \u00b7 ");
}

function endingIsLate() {
  ending = "";
  document.body.removeAttribute("data-ending");
  notices.set("ending", "");
  setText(byId("link-text"), t("shell.link.lost"));
  notices.set("link", t("shell.lost"), { grave: true, stays: true });
}

function linkWords(status) {
  if (ending) return t(`shell.link.${ending}`);
  if (!status.audio_alive && status.calm) return t("shell.link.starting");
  return t(status.audio_alive ? `shell.link.${status.state}` : "shell.link.audio_down");
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

document.addEventListener("pin", async () => (await import("./setting_up/pin_sheet.js")).ask());

if (document.body.hasAttribute("data-first-visit") && !location.hash) location.replace("#setup/wizard");
views.start();
connection.start();
