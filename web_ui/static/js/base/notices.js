// The warning line: messages of the box, the connection and the views, one sentence of each kind at a time. It lies over
// the page. The page makes room at its end, so that everything can be scrolled free. Most messages can be dismissed.

import { el } from "./dom.js";
import { t } from "./texts.js";

const SAID_MS = 6000;

export class Notices {
  #root;
  #notes = new Map(); // kind -> {text, grave, action, stays}
  #dismissed = new Map(); // kind -> the text that was dismissed
  #timer = 0;

  constructor(root) {
    this.#root = root;
    const room = () => document.body.style.setProperty("--notices", `${root.offsetHeight}px`);
    new ResizeObserver(room).observe(root);
  }

  set(kind, text, { grave = false, action = null, stays = false } = {}) {
    // Shows `text` until it is set again; "" removes it. action: {label, run}, a button behind the text. stays: it cannot
    // be dismissed. A dismissed one comes back when its text changes.
    if (this.#dismissed.get(kind) === text) return;
    this.#dismissed.delete(kind);
    if ((this.#notes.get(kind)?.text ?? "") === text) return;
    if (text) this.#notes.set(kind, { text, grave, action, stays });
    else this.#notes.delete(kind);
    this.#draw();
  }

  say(text, { grave = true } = {}) {
    // Disappears by itself: a refusal, or something done.
    this.set("said", "");
    this.set("said", text, { grave });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.set("said", ""), SAID_MS);
  }

  #dismiss(kind) {
    this.#dismissed.set(kind, this.#notes.get(kind).text);
    this.#notes.delete(kind);
    this.#draw();
  }

  #draw() {
    this.#root.replaceChildren(...[...this.#notes].map(([kind, { text, grave, action, stays }]) => {
      const words = el("p", {}, text);
      if (action) words.append(" ", el("button", { type: "button", class: "notice-do", onclick: action.run }, action.label));
      const away = stays ? [] : [el("button", { type: "button", class: "notice-away", "aria-label": t("shell.dismiss"), onclick: () => this.#dismiss(kind) })];
      return el("div", { class: grave ? "notice grave" : "notice" }, words, ...away);
    }));
  }
}
