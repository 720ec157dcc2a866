// A/B: the untouched against the processed sound, equally loud, and what is removed alone.

import { put, Refusal } from "../api.js";
import { byId, setText } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";

const RENEW_MS = 10000; // the box ends a comparison that nobody renews

export class Compare {
  #view = null;
  #params;
  #notices;
  #renew = 0;
  #shown = false;

  constructor({ connection, params, notices }) {
    this.#params = params;
    this.#notices = notices;
    connection.addEventListener("compare", ({ detail }) => this.#take(detail));
    this.start = byId("compare-start");
    this.start.addEventListener("click", () => this.#set(true));
    byId("compare-done").addEventListener("click", () => this.#set(false));
    this.sides = ["a", "b"].map((side) => {
      const key = byId(`compare-${side}`);
      key.addEventListener("click", () => this.bypass && params.set(this.bypass.id, side === "a" ? 1 : 0));
      return key;
    });
    this.removed = byId("hear-removed");
    this.removed.addEventListener("click", () => this.listen && params.set(this.listen.id, params.value(this.listen.id) ? 0 : 1));
    this.#take(connection.told.compare ?? null);
  }

  rebuild() {
    this.bypass = this.#params.named("bypass");
    this.listen = this.#params.named("listen");
    this.removed.hidden = !this.listen;
    if (this.bypass) this.#params.watch(this.bypass.id, (now) => this.#side(now));
    if (this.listen) {
      this.#params.watch(this.listen.id, (now) => {
        this.removed.disabled = now === null;
        this.removed.setAttribute("aria-pressed", String(Boolean(now)));
        this.#notices.set("listen", now ? t("play.listening_to", { what: this.listen.choices[now] }) : "");
      });
    }
  }

  show() {
    this.#shown = true;
    this.#keep();
  }

  hide() {
    // The box keeps the comparison for half a minute, so that a look at another view does not end it.
    this.#shown = false;
    this.#keep();
  }

  forget() {
    this.#take(null);
  }

  #take(view) {
    this.#view = view;
    const on = Boolean(view?.on);
    this.start.hidden = on;
    this.start.disabled = view === null;
    byId("compare-sides").hidden = !on;
    setText(byId("compare-words"), on ? matchWords(view) : "");
    this.#keep();
  }

  #side(bypassed) {
    this.sides.forEach((key, i) => {
      key.disabled = bypassed === null;
      key.setAttribute("aria-pressed", String(bypassed !== null && Boolean(bypassed) === (i === 0)));
    });
  }

  #keep() {
    clearInterval(this.#renew);
    if (this.#shown && this.#view?.on) this.#renew = setInterval(() => this.#set(true), RENEW_MS);
  }

  async #set(on) {
    try {
      await put("compare", { on });
    } catch (error) {
      if (error instanceof Refusal) this.#notices.say(error.message);
    }
  }
}

function matchWords(view) {
  if (view.untouched_lufs === null || view.processed_lufs === null || view.measured_s < 1) return t("play.compare.measuring");
  const by = view.processed_lufs - view.untouched_lufs;
  const loud = `${number(view.untouched_lufs, 1)} / ${number(view.processed_lufs, 1)} LUFS`;
  if (Math.abs(by) < 0.3) return t("play.compare.equal", { loud });
  return t(by > 0 ? "play.compare.processed_louder" : "play.compare.untouched_louder", { by: number(Math.abs(by), 1), loud });
}
