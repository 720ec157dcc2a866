// Takes: what was recorded and kept, by day; one of them open, two compared, or the bin.
//
// #takes, #takes/<id>, #takes/<id>/with/<other>, #takes//bin. On a wide screen the list stays beside what is open.

import { menu } from "../base/dialog.js";
import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { ComparePlayer } from "../takes/compare.js";
import { clock, megabytes, nameOf } from "../takes/facts.js";
import { TakeList } from "../takes/list.js";
import { drawJobs, presetName, TakePlayer } from "../takes/player.js";
import { TakesStore } from "../takes/store.js";

const MOST_TO_COMPARE = 40;

export function create(box) {
  const { connection, notices, presets } = box;
  const store = new TakesStore(box);
  const player = new TakePlayer({ notices, store, presets: () => presets.presets.map(({ name }) => name), compare: chooseOther });
  const comparing = new ComparePlayer({ notices });
  const list = new TakeList(store, (take) => store.change(take, { star: !take.star }));
  let front = false;
  let scrolled = 0;

  const recorder = el("p", { class: "help recorder-words", role: "status" });
  const search = el("input", { class: "pick", type: "search", placeholder: t("takes.search"), "aria-label": t("takes.search"), autocomplete: "off", enterKeyHint: "search" });
  const starred = el("button", { class: "plain star", type: "button", "aria-pressed": "false", "aria-label": t("takes.starred") });
  const jobs = el("ul", { class: "take-jobs" });
  const room = el("p", { class: "help" });
  const toBin = el("a", { class: "plain link-button", href: "#takes//bin" });
  const settings = el("a", { class: "plain link-button", href: "#setup/takes" }, t("takes.settings"));
  const side = el("section", { class: "take-side", "aria-label": t("shell.tab.takes") }, recorder, el("div", { class: "take-find" }, search, starred), jobs, list.node,
    el("div", { class: "take-foot" }, room, el("div", { class: "key-row" }, toBin, settings)));
  const back = el("a", { class: "back", href: "#takes" }, el("span", { class: "chevron left", "aria-hidden": "true" }), t("shell.tab.takes"));
  const binRows = el("ul", { class: "bin-rows" });
  const binAbout = el("p", { class: "lead" });
  const empty = el("button", { class: "plain danger", type: "button", "data-needs": "owner" });
  const bin = el("article", { class: "card take", hidden: true }, el("h2", { tabIndex: -1 }, t("takes.bin")), binAbout, binRows, empty);
  const stage = el("div", { class: "take-stage" }, back, player.node, comparing.node, bin);
  const board = byId("takes-board");
  board.append(side, stage);

  search.addEventListener("input", () => {
    list.words = search.value.trim();
    list.draw(player.id);
  });
  starred.addEventListener("click", () => {
    list.starred = !list.starred;
    starred.setAttribute("aria-pressed", String(list.starred));
    list.draw(player.id);
  });
  empty.addEventListener("click", () => emptyBin(""));

  function place() {
    // What the address names: [id, "with", other], ["", "bin"].
    const [view, ...rest] = location.hash.slice(1).split("/");
    return view === "takes" ? rest.map(decoded) : [];
  }

  function draw() {
    if (!front) return;
    const [id = "", what = "", otherId = ""] = place();
    const [take, other] = [store.byId(id), store.byId(otherId)];
    const inBin = !id && what === "bin";
    const both = what === "with" && take && other;
    board.classList.toggle("with-take", Boolean(take) || inBin);
    if (both) comparing.open(take, other);
    else comparing.close();
    if (take && !both) player.open(id);
    else player.close();
    bin.hidden = !inBin;
    list.draw(take ? id : "");
    drawBin();
    const { view } = store;
    setText(room, view ? t("takes.room", { used: megabytes(view.used_megabytes ?? 0), free: megabytes(view.free_megabytes), count: store.takes.length }) : "");
    setText(toBin, store.bin.length ? t("takes.bin.count", { count: store.bin.length }) : t("takes.bin"));
    if (id && store.takes && !take) location.replace("#takes"); // it has gone into the bin
  }

  function drawBin() {
    if (!store.view) return;
    setText(binAbout, store.bin.length ? t("takes.bin.about", { days: store.view.bin_days }) : t("takes.bin.empty"));
    binRows.replaceChildren(...store.bin.map((take) => {
      const again = el("button", { class: "plain", type: "button", "aria-label": t("takes.bin.back.what", { name: nameOf(take) }) }, t("takes.bin.back"));
      again.addEventListener("click", () => store.do("post", `takes/${encodeURIComponent(take.id)}/bin`, { on: false }));
      const gone = el("button", { class: "plain danger", type: "button", "data-needs": "owner", "aria-label": t("takes.bin.delete.what", { name: nameOf(take) }) }, t("takes.bin.delete"));
      gone.addEventListener("click", () => emptyBin(take.id));
      return el("li", {}, el("span", { class: "job-words" }, el("strong", {}, nameOf(take)), el("small", {}, `${clock(take.seconds)} \u00b7 ${megabytes(take.megabytes)}`)), again, gone);
    }));
    empty.hidden = !store.bin.length;
    setText(empty, t("takes.bin.empty_now", { size: megabytes(store.bin.reduce((sum, { megabytes: size }) => sum + size, 0)) }));
  }

  function emptyBin(id) {
    const take = store.bin.find((each) => each.id === id);
    menu(take ? t("takes.bin.delete.what", { name: nameOf(take) }) : t("takes.bin.empty_all", { count: store.bin.length }), [
      [t("takes.bin.for_good"), async () => {
        const answer = await store.do("post", "takes/bin/empty", { id, for_good: true });
        if (answer) notices.say(t("takes.bin.freed", { size: megabytes(answer.freed_megabytes) }), { grave: false });
      }, "danger"],
    ], { about: t("takes.bin.for_good.about") });
  }

  function chooseOther(take) {
    const others = store.takes.filter((each) => each.id !== take.id && each.lanes.length && each.state !== "recording").slice(0, MOST_TO_COMPARE);
    menu(t("takes.compare.which", { name: nameOf(take) }), others.map((each) => [el("span", {}, nameOf(each), el("small", {}, ` ${[each.begun.slice(0, 10), clock(each.seconds), each.key].filter(Boolean).join(" \u00b7 ")}`)),
      () => { location.hash = `#takes/${encodeURIComponent(take.id)}/with/${encodeURIComponent(each.id)}`; }]), { about: others.length ? "" : t("takes.compare.none") });
  }

  function drawRecorder(news) {
    setText(recorder, news ? recorderWords(news) : "");
    recorder.classList.toggle("trouble", Boolean(news?.problem || !news?.there));
  }

  addEventListener("hashchange", ({ oldURL }) => {
    if (!front || !location.hash.startsWith("#takes")) return;
    if (new URL(oldURL).hash === "#takes") scrolled = scrollY;
    draw();
    store.load(); // another phone may have changed something
    const open = stage.querySelector("article:not([hidden]) h2");
    if (open) {
      if (getComputedStyle(side).display === "none") scrollTo(0, 0);
      open.focus({ preventScroll: true });
    } else scrollTo(0, scrolled);
  });
  store.addEventListener("changed", draw);
  store.addEventListener("jobs", () => drawJobs(jobs, store, player.id ? [] : store.going()));
  store.addEventListener("ready", ({ detail: job }) => notices.say(t("takes.job.done", { name: presetName(job.preset) }), { grave: false }));
  connection.addEventListener("recorder", ({ detail }) => front && drawRecorder(detail));
  addEventListener("hushbox-theme", () => setTimeout(() => {
    list.redraw();
    player.redraw();
    comparing.redraw();
  }));

  return {
    show() {
      front = true;
      store.front(true);
      drawRecorder(connection.told.recorder);
      draw();
    },
    hide() {
      front = false;
      store.front(false);
      player.deck.pause();
      comparing.deck.pause();
    },
    entry: draw,
    forget() {
      drawRecorder(null);
    },
  };
}

function recorderWords({ there, recording, seconds, armed, problem, kept_s: kept, minutes, place }) {
  if (!there) return t("takes.recorder.away");
  if (problem) return problem;
  if (recording) return t("takes.recorder.records", { time: clock(seconds), place: place || t("takes.place.internal") });
  if (armed) return t("takes.recorder.armed");
  return minutes ? t("takes.recorder.keeps", { time: clock(kept) }) : t("takes.recorder.keeps_not");
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
