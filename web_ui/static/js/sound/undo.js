// Undo: takes back the newest change of the sound, whoever made it. A long press lists them all.

import { get, post, Refusal } from "../api.js";
import { menu } from "../base/dialog.js";
import { byId, el } from "../base/dom.js";
import { words } from "../base/format.js";
import { onLongPress } from "../base/press.js";
import { either, t } from "../base/texts.js";

export class Undo {
  #newest = null;
  #params;
  #notices;

  constructor({ connection, params, notices }) {
    this.#params = params;
    this.#notices = notices;
    const key = byId("undo");
    key.addEventListener("click", () => this.newest());
    onLongPress(key, () => this.#list());
    connection.addEventListener("undo", ({ detail }) => this.#take(detail));
    connection.addEventListener("state", ({ detail: { state } }) => state !== "live" && this.#take(null));
    this.#take(connection.told.undo ?? null);
  }

  newest() {
    if (this.#newest) this.#undo(this.#newest.number);
  }

  #take(news) {
    this.#newest = news?.newest ?? null;
    const key = byId("undo");
    key.disabled = !this.#newest;
    const label = this.#newest ? t("play.undo.what", { what: this.#what(this.#newest) }) : t("play.undo");
    key.setAttribute("aria-label", label);
    key.title = this.#newest ? t("play.undo.more", { label }) : label;
  }

  async #list() {
    try {
      const { steps } = await get("undo");
      menu(steps.length ? t("play.undo.title") : t("play.undo.none"), steps.map((step) =>
        [el("span", {}, this.#what(step), el("small", {}, t("play.undo.by", { who: who(step.who), ago: ago(step.ago_s) }))), () => this.#undo(step.number), "undo-item"]));
    } catch (error) {
      if (error instanceof Refusal) this.#notices.say(error.message);
    }
  }

  async #undo(number) {
    try {
      const { undone, problem } = await post("undo", { number });
      const said = undone.map((step) => (step.changes.length ? this.#what(step) : t("play.undo.stays", { what: this.#what(step) })));
      this.#notices.say([t(undone.length > 1 ? "play.undone.more" : "play.undone", { what: said[0], count: undone.length - 1 }), problem].filter(Boolean).join(" "),
        { grave: Boolean(problem) });
    } catch (error) {
      if (error instanceof Refusal) this.#notices.say(error.message);
    }
  }

  #what({ kind, name, changes }) {
    if (kind !== "param") return t(`play.undo.${kind}`, { name });
    const view = this.#params.view(name);
    const change = changes.find(({ id }) => id === name);
    if (!view) return name;
    return change ? t("play.undo.param", { label: view.full, before: words(view, change.before), after: words(view, change.after) }) : view.full;
  }
}

function who(origin) {
  const [kind, name] = origin.split(":");
  const words = either(`play.who.${kind}`, kind);
  return name ? `${words} ${name}` : words;
}

function ago(seconds) {
  return seconds < 60 ? t("play.ago.seconds", { count: seconds }) : t("play.ago.minutes", { count: Math.round(seconds / 60) });
}
