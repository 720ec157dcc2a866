// The list of takes by day. A screen or two of it is drawn at once, more as somebody scrolls there; waveforms where they are seen.

import { colours } from "../base/canvas.js";
import { el } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/texts.js";
import { clock, dayOf, laneName, matches, megabytes, nameOf, soundsLike } from "./facts.js";
import { drawOutline, outlineOf } from "./outline.js";

const AT_ONCE = 24;
const POINTS = 320;

export class TakeList {
  // node: the element. It is drawn by draw(), and tells what is touched: star(take).
  words = "";
  starred = false;
  #store;
  #star;
  #shown = 0;
  #found = [];
  #day = "";
  #group = null;
  #drawn = "";

  constructor(store, star) {
    this.#store = store;
    this.#star = star;
    this.more = el("div", { class: "take-more" });
    this.days = el("div", { class: "take-days" });
    this.empty = el("p", { class: "help", hidden: true });
    this.node = el("div", { class: "take-list" }, this.days, this.empty, this.more);
    this.seen = new IntersectionObserver((all) => all.forEach(({ target, isIntersecting }) => (isIntersecting ? this.#picture(target) : target.replaceChildren())), { rootMargin: "200px" });
    this.end = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#next(), { rootMargin: "600px" });
    this.end.observe(this.more);
  }

  draw(at) {
    // at: the id of the take that is open.
    if (!this.#store.takes) return;
    const found = this.#store.takes.filter((take) => matches(take, this.words, this.starred));
    const shape = JSON.stringify(found);
    if (shape !== this.#drawn) {
      this.#drawn = shape;
      this.#found = found;
      const many = Math.max(AT_ONCE, this.#shown);
      const focused = document.activeElement?.closest?.(".take-row")?.dataset.take;
      this.seen.disconnect();
      this.days.replaceChildren();
      [this.#shown, this.#day] = [0, ""];
      this.#next(many);
      this.empty.hidden = found.length > 0;
      this.empty.textContent = t(this.#store.takes.length ? "takes.none_found" : "takes.none");
      if (focused) this.days.querySelector(`[data-take="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
    }
    for (const row of this.days.querySelectorAll(".take-row")) row.querySelector("a").toggleAttribute("aria-current", row.dataset.take === at);
  }

  redraw() {
    // Another theme or width.
    for (const canvas of this.days.querySelectorAll(".take-wave canvas")) this.#picture(canvas.parentNode);
  }

  #next(many = AT_ONCE) {
    for (const take of this.#found.slice(this.#shown, this.#shown + many)) {
      const day = dayOf(take);
      if (day !== this.#day) {
        this.#day = day;
        this.#group = el("ul", { class: "take-rows" });
        this.days.append(el("h3", {}, day), this.#group);
      }
      const row = this.#row(take);
      this.#group.append(row);
      this.seen.observe(row.querySelector(".take-wave"));
    }
    this.#shown = Math.min(this.#found.length, this.#shown + many);
    this.end.unobserve(this.more); // asked again, in case it is still in sight
    if (this.#shown < this.#found.length) this.end.observe(this.more);
  }

  #row(take) {
    const line = [take.name && nameOf({ ...take, name: "" }), ...soundsLike(take), take.where].filter(Boolean).join(" \u00b7 ");
    const link = el("a", { class: "take-open", href: `#takes/${encodeURIComponent(take.id)}` },
      el("span", { class: "take-head" }, el("strong", {}, nameOf(take)), el("span", { class: "take-long" }, take.state === "recording" ? t("takes.recording") : clock(take.seconds))),
      el("span", { class: "take-wave", "aria-hidden": "true" }),
      el("small", {}, take.problem || line || take.preset || megabytes(take.megabytes)),
      ...(take.missing_s ? [el("small", { class: "trouble" }, t("takes.missing", { seconds: number(take.missing_s, 1) }))] : []));
    const star = el("button", { class: "plain star", type: "button", "aria-pressed": String(take.star), "aria-label": t("takes.star", { name: nameOf(take) }) });
    star.addEventListener("click", () => this.#star(take));
    const row = el("li", { class: "take-row" }, link, star);
    row.dataset.take = take.id;
    return row;
  }

  async #picture(place) {
    const take = this.#store.byId(place.closest(".take-row").dataset.take);
    if (!take || !take.lanes.length) return;
    place.replaceChildren(el("canvas", {}));
    const lanes = await outlineOf(take, POINTS, { wanted: () => place.isConnected && place.firstChild !== null });
    const canvas = place.querySelector("canvas");
    if (lanes && canvas) drawOutline(canvas, lanes[heardFirst(take)], colours().signal);
  }
}

export const heardFirst = (take) => (take.lanes.includes("wet") ? "wet" : take.lanes[0]);

export function soundsOf(take) {
  // What can be heard of a take, in the order of its keys: [{lane, name, lufs}].
  const rank = (lane) => ["dry", "wet"].indexOf(lane) + 1 || 9;
  const lanes = [...take.lanes].sort((a, b) => rank(a) - rank(b));
  const own = (lane) => ({ lane, name: laneName(lane), lufs: take.lane_lufs[take.lanes.indexOf(lane)] ?? null });
  const versions = take.versions.map(({ lane, name, preset, lufs }) => ({ lane, name: preset ? name : t("takes.as_it_was"), lufs }));
  const [first, rest] = [lanes.filter((lane) => rank(lane) < 9), lanes.filter((lane) => rank(lane) === 9)];
  return [...first.map(own), ...versions, ...rest.map(own)];
}
