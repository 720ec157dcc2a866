// The page: joins the connection, the parameters and everything that draws them.

import { get } from "./api.js";
import { Connection } from "./connection.js";
import { choice, slider, toggle } from "./controls.js";
import { byId, el, setText } from "./dom.js";
import { number } from "./format.js";
import { FrontPanel } from "./front_panel.js";
import { Listen } from "./listen.js";
import { Meters } from "./meters.js";
import { Model } from "./model.js";
import { PanelSetup } from "./panel_setup.js";
import { Params } from "./params.js";
import { Stems } from "./stems.js";

const GROUPS = { denoise: "Denoiser", box: "Mix", input: "Levels", output: "Levels", voice: "Levels", music: "Levels" };
const TOAST_MS = 6000;

const connection = new Connection();
const params = new Params();
const meters = new Meters();
const model = new Model();
const stems = new Stems();
const panel = new FrontPanel(params, toast);
const setup = new PanelSetup(params, toast);
const notes = { link: "", box: "", refused: "", listen: "" };
let pins = [];
let toastTimer = 0;
new Listen();

// --- what the box says ---

connection.addEventListener("status", ({ detail: status }) => {
  meters.show(status, document.body.dataset.bypass === "on");
  stems.show(status.stems_db);
  const alive = status.audio_alive;
  setText(byId("device"), deviceWords(status));
  setText(byId("latency"), alive ? number(status.latency_ms, 1) : "\u2013");
  setText(byId("load"), alive ? number(100 * status.load_p99, 0) : "\u2013");
  setText(byId("xruns"), String(status.xruns));
  setText(byId("late-hops"), String(status.late_hops));
  setText(byId("dry-hops"), String(status.dry_hops));
  document.body.dataset.state = status.state;
  if (connection.state === "live") setText(byId("link-text"), linkWords(status));
  note("box", status.message);
  model.show(status.bundle);
});

connection.addEventListener("params", ({ detail }) => params.take(detail));

connection.addEventListener("panel", ({ detail }) => {
  pins = detail;
  panel.show(pins);
});

connection.addEventListener("learn", ({ detail }) => setup.learning(detail));

connection.addEventListener("state", ({ detail: { state, why } }) => {
  document.body.dataset.link = state;
  if (state === "live") {
    note("link", "");
    setText(byId("link-text"), "Live");
    refresh();
    panel.show(pins);
    return;
  }
  setText(byId("link-text"), "No connection");
  note("link", why ? `${why} Trying again.` : "No connection to the box. While it is on, its sound goes on without the page. Trying again.");
  params.forget();
  meters.forget();
  stems.forget();
  panel.forget();
  setup.forget();
  for (const id of ["latency", "load", "xruns", "late-hops", "dry-hops"]) setText(byId(id), "\u2013");
});

function deviceWords(status) {
  const format = `${status.rate_hz / 1000} kHz, ${status.period_frames}\u00a0\u00d7\u00a0${status.periods}`;
  return [status.device, status.demo ? "demo sound" : "", status.rate_hz ? format : ""].filter(Boolean).join(" \u00b7 ");
}

function linkWords(status) {
  if (!status.audio_alive) return "Audio is down";
  return status.state === "running" ? "Live" : status.state[0].toUpperCase() + status.state.slice(1);
}

async function refresh() {
  // After a break the box may be another version, with other parameters.
  try {
    const { version } = await get("session");
    if (version !== document.querySelector('meta[name="box-version"]').content) location.reload();
    await params.load();
  } catch {
    // The connection says so by itself.
  }
}

// --- what the player sees and does ---

params.addEventListener("views", () => {
  params.unwatchAll();
  const bypass = params.named("bypass");
  const mute = params.named("mute");
  const amount = params.named("amount");
  if (bypass) toggle(params, bypass, fresh("bypass"), showBypass);
  if (mute) toggle(params, mute, fresh("mute"), showMute);
  byId("mute").hidden = !mute;
  byId("amount").replaceChildren(...(amount ? [slider(params, amount, { big: true })] : []));
  const shown = [bypass, mute, amount, ...stems.rebuild(params)];
  drawMore(params.views.filter((view) => !shown.includes(view)));
  watchListen(params.named("listen"));
  panel.rebuild();
  panel.show(pins);
});

function fresh(id) {
  // The same button without its old listeners.
  const button = byId(id);
  const copy = button.cloneNode(true);
  button.replaceWith(copy);
  return copy;
}

function showBypass(on) {
  document.body.dataset.bypass = on === null ? "unknown" : on ? "on" : "off";
  setText(byId("bypass-state"), on === null ? "\u2013" : on ? "Bypassed" : "Processing");
  setText(byId("bypass-hint"), on === null ? "not known" : on ? "tap to process" : "tap to bypass");
}

function showMute(on) {
  setText(byId("mute"), on ? "Muted \u00b7 tap to hear" : "Mute");
}

function watchListen(view) {
  if (!view) return note("listen", "");
  params.watch(view.id, (now) => note("listen", now ? `You hear what is ${view.choices[now] ?? "removed"}, not the voice.` : ""));
}

function drawMore(views) {
  const groups = new Map();
  for (const view of views) {
    const prefix = view.id.split(".")[0];
    const title = GROUPS[prefix] ?? prefix[0].toUpperCase() + prefix.slice(1);
    groups.set(title, [...(groups.get(title) ?? []), view]);
  }
  const order = ["Denoiser", "Mix", "Levels"];
  const rank = (title) => (order.includes(title) ? order.indexOf(title) : order.length);
  const titles = [...groups.keys()].sort((a, b) => rank(a) - rank(b));
  byId("more-groups").replaceChildren(
    ...titles.map((title) => el("section", { class: "group" }, el("h3", {}, title), ...groups.get(title).map(
      (view) => (view.choices.length ? choice(params, view) : slider(params, view))))),
  );
  byId("more").hidden = views.length === 0;
}

// --- the warning line ---

function note(kind, text) {
  if (notes[kind] === text) return;
  notes[kind] = text;
  const shown = Object.entries(notes).filter(([, words]) => words);
  byId("notices").replaceChildren(...shown.map(([name, words]) => el("p", { class: name === "box" || name === "listen" ? "notice" : "notice grave" }, words)));
}

function toast(text) {
  note("refused", text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => note("refused", ""), TOAST_MS);
}

params.addEventListener("refused", ({ detail }) => toast(detail));

if (matchMedia("(max-width: 759px)").matches) byId("more").open = false;
params.load().catch(() => {});
connection.start();
