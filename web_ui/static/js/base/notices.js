// The warning line: what the box, the connection and the views have to say, one sentence of each kind at a time. It lies
// over the page, which makes room for it at its end: whatever it covers can be scrolled free, and most of it put away.

import { el } from "./dom.js";
import { t } from "./texts.js";

const SAID_MS = 6000;

export class Notices {
  #root;
  #notes = new Map(); // kind -> {text, grave, action, stays}
  #away = new Map(); // kind -> the text that was put away
  #timer = 0;

  constructor(root) {
    this.#root = root;
    const room = () => document.body.style.setProperty("--notices", `${root.offsetHeight}px`);
    new ResizeObserver(room).observe(root);
  }

  set(kind, text, { grave = false, action = null, stays = false } = {}) {
    // Is there until it is set anew; "" takes it away. action: {label, run}, a button behind the text. stays: it cannot be
    // put away. One that was comes back when it says something else.
    if (this.#away.get(kind) === text) return;
    this.#away.delete(kind);
    if ((this.#notes.get(kind)?.text ?? "") === text) return;
    if (text) this.#notes.set(kind, { text, grave, action, stays });
    else this.#notes.delete(kind);
    this.#draw();
  }

  say(text, { grave = true } = {}) {
    // Goes by itself: a refusal, or something done.
    this.set("said", "");
    this.set("said", text, { grave });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.set("said", ""), SAID_MS);
  }

  #putAway(kind) {
    this.#away.set(kind, this.#notes.get(kind).text);
    this.#notes.delete(kind);
    this.#draw();
  }

  #draw() {
    this.#root.replaceChildren(...[...this.#notes].map(([kind, { text, grave, action, stays }]) => {
      const words = el("p", {}, text);
      if (action) words.append(" ", el("button", { type: "button", class: "notice-do", onclick: action.run }, action.label));
      const away = stays ? [] : [el("button", { type: "button", class: "notice-away", "aria-label": t("shell.dismiss"), onclick: () => this.#putAway(kind) })];
      return el("div", { class: grave ? "notice grave" : "notice" }, words, ...away);
    }));
  }
}
