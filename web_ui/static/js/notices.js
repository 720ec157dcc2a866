// The warning line: what the box, the connection and the views have to say, one sentence of each kind at a time.

import { el } from "./dom.js";

const SAID_MS = 6000;

export class Notices {
  #root;
  #notes = new Map(); // kind -> {text, grave}
  #timer = 0;

  constructor(root) {
    this.#root = root;
  }

  set(kind, text, { grave = false, action = null } = {}) {
    // Stays until it is set anew; "" takes it away. action: {label, run}, a button behind the text.
    if ((this.#notes.get(kind)?.text ?? "") === text) return;
    if (text) this.#notes.set(kind, { text, grave, action });
    else this.#notes.delete(kind);
    this.#root.replaceChildren(
      ...[...this.#notes.values()].map((note) =>
        el("p", { class: note.grave ? "notice grave" : "notice" }, note.text, ...buttons(note.action))));
  }

  say(text, { grave = true } = {}) {
    // Goes by itself: a refusal, or something done.
    this.set("said", "");
    this.set("said", text, { grave });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.set("said", ""), SAID_MS);
  }
}

function buttons(action) {
  return action ? [" ", el("button", { type: "button", class: "notice-do", onclick: action.run }, action.label)] : [];
}
