// What the box, the connection and the views have to say, one sentence of each kind at a time. It lies over the page, which
// makes room at its end, so that everything can be scrolled free.
//
// Four tones: "alarm" (red: something is wrong now), "warning" (amber: something is not as it should be), "note" (plain:
// information), "done" (short and quiet: it worked). Most can be dismissed, and then stay away from this phone: a note for
// good, a trouble until it has ended and comes back.

import { el } from "./dom.js";
import { t } from "./texts.js";

const SAID_MS = 6000; // a refusal: long enough to read it
const DONE_MS = 2500;
const GONE_MS = 60000; // a dismissed trouble that was gone for so long is a new one
const KEY = "hushbox.dismissed";
const MOST = 30;

export class Notices {
  #root;
  #notes = new Map(); // kind -> {text, tone, action, stays}
  #dismissed = dismissed(); // [{kind, text, note, gone}], the oldest first; gone: since when it is not told any more, or 0
  #timer = 0;

  constructor(root) {
    this.#root = root;
    const room = () => document.body.style.setProperty("--notices", `${root.offsetHeight}px`);
    new ResizeObserver(room).observe(root);
  }

  set(kind, text, { grave = false, warning = false, action = null, stays = false } = {}) {
    // Shows `text` until it is set again; "" removes it. grave: an alarm. action: {label, run}, a button behind the text.
    // stays: it cannot be dismissed.
    this.#put(kind, text, grave ? "alarm" : warning ? "warning" : "note", action, stays);
  }

  say(text, { grave = true, action = null } = {}) {
    // Disappears by itself: a refusal, or something done (grave: false). action: as in set(); a tap on it ends the notice.
    const gone = () => this.#put("said", "", "done", null, true);
    const once = action && { label: action.label, run: () => { gone(); action.run(); } };
    this.#notes.delete("said");
    this.#put("said", text, grave ? "alarm" : "done", once, !grave);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(gone, grave || action ? SAID_MS : DONE_MS);
  }

  #put(kind, text, tone, action, stays) {
    const shown = this.#isAway(kind, text) ? "" : text;
    if ((this.#notes.get(kind)?.text ?? "") === shown) return;
    if (shown) this.#notes.set(kind, { text, tone, action, stays });
    else this.#notes.delete(kind);
    this.#draw();
  }

  #isAway(kind, text) {
    // Keeps account of what was dismissed, 20 times a second, so it writes only what changes.
    const now = Date.now();
    let away = false;
    for (const entry of this.#dismissed) {
      if (entry.kind !== kind) continue;
      if (entry.text === text && (entry.note || !entry.gone || now - entry.gone < GONE_MS)) {
        away = true;
        if (entry.gone) this.#keep(entry, 0);
      } else if (!entry.gone && entry.text !== text) this.#keep(entry, now);
    }
    return away;
  }

  #dismiss(kind) {
    const { text, tone } = this.#notes.get(kind);
    this.#notes.delete(kind);
    if (kind !== "said") {
      this.#dismissed = this.#dismissed.filter((entry) => entry.kind !== kind || entry.text !== text);
      this.#dismissed.push({ kind, text, note: tone === "note", gone: 0 });
      this.#keep();
    }
    this.#draw();
  }

  #keep(entry = null, gone = 0) {
    if (entry) entry.gone = gone;
    this.#dismissed = this.#dismissed.slice(-MOST);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#dismissed));
    } catch {
      // Then it holds until the page is closed.
    }
  }

  #draw() {
    this.#root.replaceChildren(...[...this.#notes].map(([kind, { text, tone, action, stays }]) => {
      const words = el("p", {}, text);
      if (action) words.append(" ", el("button", { type: "button", class: "notice-do", onclick: action.run }, action.label));
      const away = stays ? [] : [el("button", { type: "button", class: "notice-away", "aria-label": t("shell.dismiss"), onclick: () => this.#dismiss(kind) })];
      return el("div", { class: `notice ${tone}`, "data-kind": kind, ...(tone === "alarm" ? { role: "alert" } : {}) }, words, ...away);
    }));
  }
}

function dismissed() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((entry) => typeof entry?.text === "string") : [];
  } catch {
    return []; // storage is forbidden here, or something else wrote there
  }
}
