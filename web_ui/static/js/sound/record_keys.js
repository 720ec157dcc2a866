// Record and Keep on Play. Red only while the recorder process says that it writes. While it does, Keep is the key that marks.

import { post, Refusal } from "../api.js";
import { byId, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { clock } from "../takes/facts.js";

const SURE_MS = 700; // a second tap of the same thumb does not end what the first began
const FLOOR_DB = 60;

export class RecordKeys {
  #news = null;
  #since = 0;
  #noted = -1;
  #done = -1;
  #notices;
  #entry;
  #at = 0; // when the news came: the seconds go on between them
  #timer = 0;

  constructor({ connection, notices, entry }) {
    this.#notices = notices;
    this.#entry = entry;
    byId("record").addEventListener("click", () => this.record());
    byId("keep").addEventListener("click", () => this.keep());
    connection.addEventListener("recorder", ({ detail }) => this.#take(detail));
    entry.addEventListener("changed", () => this.#draw());
    if (connection.told.recorder) this.#take(connection.told.recorder);
    this.#draw();
  }

  get offered() {
    // Whoever is only let in to play is not offered to record.
    return Boolean(this.#entry.role) || !this.#entry.claimed;
  }

  record() {
    if (!this.offered || byId("record").disabled || performance.now() - this.#since < SURE_MS) return;
    this.#since = performance.now();
    this.#send("recorder/record", { on: !this.#news.recording });
  }

  keep() {
    if (!this.offered || byId("keep").disabled || performance.now() - this.#since < SURE_MS) return;
    if (this.#news.recording) this.#send("recorder/mark", { name: "" }, t("takes.marked", { time: clock(this.#seconds()) }));
    else this.#send("recorder/keep", { keep: true });
  }

  forget() {
    this.#news = null;
    this.#draw();
  }

  async #send(path, body, said = "") {
    try {
      await post(path, body);
      if (said) this.#notices.say(said, { grave: false });
    } catch (error) {
      if (error instanceof Refusal) this.#notices.say(error.message);
    }
  }

  #take(news) {
    const before = this.#news;
    if (before && before.recording !== news.recording) this.#since = performance.now();
    this.#news = news;
    this.#at = performance.now();
    this.#notices.set("recorder", news.problem, { grave: true });
    if (this.#noted >= 0 && news.note_id > this.#noted && news.note) this.#notices.say(news.note);
    if (this.#done >= 0 && news.done > this.#done) this.#notices.say(t("takes.saved"), { grave: false });
    [this.#noted, this.#done] = [news.note_id, news.done];
    this.#draw();
  }

  #seconds = () => this.#news.seconds + (this.#news.seconds ? (performance.now() - this.#at) / 1000 : 0);

  #draw() {
    clearTimeout(this.#timer);
    const news = this.#news;
    const [record, keep] = [byId("record"), byId("keep")];
    record.hidden = keep.hidden = !this.offered;
    const on = Boolean(news?.recording);
    record.disabled = !news || (!on && !news.can);
    record.setAttribute("aria-pressed", String(on));
    record.classList.toggle("troubled", Boolean(on && news.problem));
    const where = news?.places?.find(({ in_use: here }) => here);
    const time = on ? clock(this.#seconds()) : "";
    setText(byId("record-now"), on ? time : t("play.record"));
    setText(byId("record-more"), on ? where?.label || t("takes.place.internal") : news?.armed ? t("play.record.armed") : "");
    setText(byId("record-short"), time);
    record.setAttribute("aria-label", on ? t("play.record.end") : news?.armed ? t("play.record.armed.label") : t("play.record"));
    record.style.setProperty("--level", on && news.level_db !== undefined && news.level_db !== null ? Math.max(0, 1 + news.level_db / FLOOR_DB) : 0);
    const waits = news?.kept_s ? clock(news.kept_s) : "";
    keep.disabled = !news || (!on && !waits);
    keep.classList.toggle("marks", on);
    setText(byId("keep-now"), t(on ? "play.mark" : "play.keep"));
    setText(byId("keep-more"), on || !news ? "" : waits ? t("play.keep.last", { time: waits }) : t(news.minutes ? "play.keep.nothing" : "play.keep.off"));
    setText(byId("keep-short"), on ? "" : waits);
    keep.setAttribute("aria-label", on ? t("play.mark.label") : waits ? t("play.keep.label", { time: waits }) : t("play.keep"));
    if (on) this.#timer = setTimeout(() => this.#draw(), 1000 - ((this.#seconds() * 1000) % 1000) + 20);
  }
}
