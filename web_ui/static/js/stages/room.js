// Learn the room: three quiet seconds, what was heard in them as a curve, and what that proposes. Nothing is set before "Use".

import { get, post, put, Refusal } from "../api.js";
import { colours, fit } from "../base/canvas.js";
import { opened } from "../base/dialog.js";
import { el, setText } from "../base/dom.js";
import { number, words } from "../base/format.js";
import { t } from "../base/texts.js";
import { BANDS, curveOver, Spectrum } from "../sound/spectrum.js";

const AGO_MS = 10000;

export function openRoom(box) {
  return new RoomSheet(box);
}

class RoomSheet {
  #number = -1;
  #room = null;

  constructor(box) {
    this.box = box;
    this.canvas = el("canvas", { class: "spectrum", role: "img", "aria-label": t("stages.room.label") });
    this.says = el("p", { class: "room-says", role: "status" });
    this.figures = el("dl", { class: "figures" });
    this.list = el("ul", { class: "room-list" });
    this.learn = el("button", { class: "plain", type: "button" });
    this.learn.addEventListener("click", () => this.#send(() => put("room/learning", { on: this.news?.state !== "listening" })));
    this.use = el("button", { class: "plain strong", type: "button" }, t("stages.room.use"));
    this.use.addEventListener("click", () => this.#send(() => post("room/use", { number: this.#room.number })));
    const done = el("button", { class: "plain", type: "button" }, t("play.health.done"));
    this.node = opened(t("stages.room.title"), el("div", { class: "stage-sheet" },
      el("p", { class: "lead" }, t("stages.room.lead")), this.says,
      el("p", { class: "legend" }, el("span", { class: "key-room" }, t("stages.room.curve")), el("span", { class: "key-before" }, t("stages.room.now"))), this.canvas, this.figures, this.list,
      el("div", { class: "sheet-buttons dialog-buttons stage-end room-keys" }, this.learn, this.use, done)));
    this.node.classList.add("tall");
    done.addEventListener("click", () => this.node.close());
    this.spectrum = new Spectrum(this.canvas, null, () => {});
    this.spectrum.over = (context, plot) => curveOver(context, plot, this.#room?.curve ?? [], colours().cool);
    if (box.entry.may("engineer")) this.spectrum.start();
    const news = ({ detail }) => this.#take(detail);
    const timer = setInterval(() => this.#room && this.#fetch(), AGO_MS);
    box.connection.addEventListener("room", news);
    this.node.addEventListener("close", () => {
      if (this.news?.state === "listening") put("room/learning", { on: false }).catch(() => {});
      box.connection.removeEventListener("room", news);
      clearInterval(timer);
      this.spectrum.stop();
    });
    this.#take(box.connection.told.room ?? null);
  }

  get open() {
    return this.node.isConnected;
  }

  show() {}

  forget() {
    this.#take(null);
    this.spectrum.forget();
  }

  #take(news) {
    this.news = news;
    const listening = news?.state === "listening";
    this.learn.disabled = news === null;
    this.learn.classList.toggle("strong", !listening && !news?.number);
    setText(this.learn, t(listening ? "stages.room.cancel" : news?.number ? "stages.room.again" : "stages.room.start"));
    this.use.hidden = listening || !news?.number || !this.#room?.proposals.length;
    this.use.disabled = Boolean(news?.used);
    this.node.classList.toggle("listening-now", listening);
    this.says.classList.toggle("trouble", news?.state === "refused");
    this.#draw();
    if (news && news.number !== this.#number) this.#fetch();
  }

  async #fetch() {
    try {
      this.#room = await get("room");
      this.#number = this.#room.number;
      if (this.open) this.#take(this.news);
    } catch {
      // The connection reports it.
    }
  }

  async #send(what) {
    try {
      await what();
    } catch (error) {
      if (error instanceof Refusal) setText(this.says, error.message);
    }
  }

  #draw() {
    const { news } = this;
    const room = this.#room?.number ? this.#room : null;
    const said = !news ? t("shell.unknown") : news.state === "listening" ? t("stages.room.quiet", { seconds: news.seconds_left })
      : news.problem || (news.used ? t("stages.room.used") : room ? t("stages.room.learned", { ago: ago(room.ago_s) }) : t("stages.room.nothing"));
    setText(this.says, said);
    const rows = !room ? [] : [
      [t("stages.room.floor"), t("play.meter.db", { number: number(room.floor_db, 0) })],
      [t("stages.name.hum"), room.hum_hz ? t("stages.room.hum", { hz: number(room.hum_hz, 1), db: number(room.hum_db, 0) }) : t("stages.room.no_hum")],
    ];
    this.figures.replaceChildren(...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
    this.list.replaceChildren(...(room?.proposals ?? []).map(({ id, value, why }) => {
      const view = this.box.params.view(id);
      return el("li", {}, el("strong", {}, view ? `${view.label}: ${words(view, value)}` : id), el("small", {}, why));
    }));
    if (room && room.curve.length === BANDS) this.spectrum.redraw();
  }
}

function ago(seconds) {
  return seconds < 60 ? t("play.ago.seconds", { count: seconds }) : t("play.ago.minutes", { count: Math.round(seconds / 60) });
}
