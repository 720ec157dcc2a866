// Takes: what they hold, how much waits in memory, where they go, how much they may fill, and when one begins by itself.

import { get, post, put } from "../../api.js";
import { el, setText } from "../../base/dom.js";
import { t } from "../../base/texts.js";
import { attempt, button, field, radios, select } from "../../setting_up/asking.js";
import { clock, laneName, megabytes } from "../../takes/facts.js";

export const title = "takes.setup.title";

const WHAT = ["dry", "wet", "stems", "removed"];
const MINUTES = [2, 5, 10, 20, 30];
const USUAL_MINUTES = 10;
const QUOTAS = [0, 1000, 4000, 16000, 64000];
const HEARD = [[12, "soft"], [20, "usual"], [30, "loud"]]; // dB above what the box hears when nobody plays
const SILENCES = [4, 8, 15, 30, 60];

export function create({ connection, notices, entry }, card) {
  const away = el("p", { class: "said trouble", role: "status", hidden: true });
  const what = el("div", { class: "ways" });
  const keeps = toggle(() => set("recorder/settings", { minutes: now.minutes ? 0 : USUAL_MINUTES }));
  const minutes = select([], "");
  const minutesField = field("takes-minutes", t("takes.setup.minutes"), minutes, t("takes.setup.minutes.help"));
  const keepsWords = el("p", { class: "help", role: "status" });
  const arms = toggle(() => attempt(notices, () => post("recorder/arm", { on: !now.armed })));
  const heard = select([], "");
  const silence = select([], "");
  const heardFields = el("div", { class: "form-numbers" }, field("takes-heard", t("takes.setup.heard"), heard), field("takes-silence", t("takes.setup.silence"), silence));
  const places = el("div");
  const room = el("p", { class: "help" });
  const quota = select([], 0);
  const format = el("div", { class: "choice", role: "radiogroup", "aria-label": t("takes.setup.format") });
  let now = null;
  let shown = "";
  let front = false;
  let view = null;

  const set = (path, body) => attempt(notices, () => put(path, body));
  for (const lane of WHAT) {
    const input = el("input", { type: "checkbox", value: lane });
    input.addEventListener("change", async () => {
      const chosen = [...what.querySelectorAll("input")].filter(({ checked }) => checked).map(({ value }) => value);
      if ((await set("recorder/settings", { what: chosen })) === null) draw(true); // nothing at all cannot be recorded
    });
    what.append(el("label", {}, input, el("span", {}, lane === "stems" ? t("takes.lane.stems") : laneName(lane))));
  }
  for (const kind of ["wav", "flac"]) {
    const input = el("input", { type: "radio", name: "take-format", value: kind });
    input.addEventListener("change", () => set("recorder/settings", { format: kind }));
    format.append(el("label", {}, input, el("span", {}, t(`takes.setup.format.${kind}`))));
  }
  minutes.addEventListener("change", () => set("recorder/settings", { minutes: Number(minutes.value) }));
  heard.addEventListener("change", () => set("recorder/settings", { heard_db: Number(heard.value) }));
  silence.addEventListener("change", () => set("recorder/settings", { silence_s: Number(silence.value) }));
  quota.addEventListener("change", async () => {
    await set("recorder/quota", { megabytes: Number(quota.value) });
    load();
  });

  const group = (key, ...parts) => el("div", { class: "group" }, el("h3", {}, t(key)), ...parts);
  card.body.append(away,
    group("takes.setup.keep", keeps, minutesField, keepsWords),
    group("takes.setup.what", what, el("p", { class: "help" }, t("takes.setup.what.help"))),
    group("takes.setup.by_itself", arms, heardFields, el("p", { class: "help" }, t("takes.setup.by_itself.help"))),
    group("takes.setup.place", places, room, field("takes-quota", t("takes.setup.quota"), quota, t("takes.setup.quota.help"))),
    group("takes.setup.format", format, el("p", { class: "help" }, t("takes.setup.format.help"))));

  function draw(anew = false) {
    const shape = JSON.stringify({ ...now, seconds: 0, kept_s: 0, kept_megabytes: 0, view });
    if (now) side();
    if (!front || !now) return;
    setText(keepsWords, now.minutes ? t("takes.setup.keeps", { time: clock(now.kept_s), size: megabytes(now.kept_megabytes) }) : t("takes.setup.keeps_not"));
    if (!anew && shape === shown) return;
    shown = shape;
    away.hidden = now.there && !now.problem;
    setText(away, now.there ? now.problem : t("takes.recorder.away"));
    switched(keeps, now.minutes > 0, "takes.setup.keep.on", "takes.setup.keep.off");
    switched(arms, now.armed, "takes.setup.by_itself.on", "takes.setup.by_itself.off");
    minutesField.hidden = !now.minutes;
    offer(minutes, MINUTES.map((count) => [count, inMinutes(count)]), now.minutes, inMinutes);
    for (const input of what.querySelectorAll("input")) input.checked = now.what.includes(input.value);
    heardFields.hidden = !now.armed;
    offer(heard, HEARD.map(([db, name]) => [db, t(`takes.setup.heard.${name}`)]), now.heard_db, (db) => (db > 0 ? t("takes.setup.heard.above", { db }) : t("takes.setup.heard.level", { db })));
    offer(silence, SILENCES.map((count) => [count, inSeconds(count)]), now.silence_s, inSeconds);
    for (const input of format.querySelectorAll("input")) input.checked = input.value === now.format;
    drawPlaces();
  }

  function drawPlaces() {
    const owner = entry.may("owner");
    const words = (place) => el("span", { class: "row-words" }, el("strong", {}, place.label || t("takes.place.here")),
      el("small", {}, place.problem || t(place.in_use ? "takes.place.in_use" : "takes.place.free", { free: megabytes(place.free_megabytes), total: megabytes(place.total_megabytes) })));
    const gone = now.places.every(({ id }) => id !== now.place);
    places.replaceChildren(radios(t("takes.setup.place"), now.places.map((place) => [place.id, words(place), !owner || Boolean(place.problem)]), now.place, (id) => set("recorder/place", { id })),
      ...(gone ? [el("p", { class: "said" }, t("takes.place.gone"))] : []),
      ...now.places.filter(({ id }) => id !== "internal" && owner).map((place) =>
        button(t("takes.place.remove", { name: place.label }), () => attempt(notices, () => post("recorder/place/remove", { id: place.id })))));
    if (!view) return;
    setText(room, t("takes.room", { used: megabytes(view.used_megabytes), free: megabytes(view.free_megabytes), count: view.takes.length }));
    quota.disabled = !owner;
    offer(quota, QUOTAS.map((size) => [size, size ? megabytes(size) : t("takes.setup.quota.none")]), view.quota_megabytes, megabytes);
  }

  function side() {
    card.side(!now.there ? t("takes.side.away") : now.problem ? t("takes.side.problem") : now.recording ? t("takes.recording")
      : now.armed ? t("takes.side.armed") : now.minutes ? inMinutes(now.minutes) : t("takes.side.off"), !now.there || Boolean(now.problem));
  }

  async function load() {
    view = await attempt(notices, () => get("takes"));
    draw(true);
  }

  connection.addEventListener("recorder", ({ detail }) => {
    now = detail;
    draw();
  });
  return {
    show() {
      front = true;
      now = connection.told.recorder ?? now;
      draw(true);
      load();
    },
    hide() {
      front = false;
    },
    glance() {
      now = connection.told.recorder ?? now;
      if (now) side();
    },
    entry: () => draw(true),
  };
}

const inMinutes = (count) => t("takes.setup.minutes.count", { count });
const inSeconds = (count) => t("takes.setup.seconds", { count });

function toggle(press) {
  const node = button("", press);
  node.classList.add("wide-key");
  return node;
}

function switched(node, on, onKey, offKey) {
  node.setAttribute("aria-pressed", String(on));
  setText(node, t(on ? onKey : offKey));
}

function offer(node, options, chosen, words) {
  // What is in force is offered too, whoever chose it.
  const all = options.some(([value]) => value === chosen) ? options : [...options, [chosen, words(chosen)]];
  node.replaceChildren(...all.map(([value, text]) => el("option", { value: String(value) }, text)));
  node.value = String(chosen);
}
