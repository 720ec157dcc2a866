// Tone over the live spectrum: the curve and a dot for each band. A finger moves the nearest dot: across is frequency, up is
// level; two fingers, a wheel or the faders below set its width; two taps bring it back to 0 dB. All of it is below in faders,
// too, for a keyboard or a screen reader.

import { slider } from "../base/controls.js";
import { el, svg } from "../base/dom.js";
import { step, words } from "../base/format.js";
import { either, t } from "../base/texts.js";
import { across, GUTTER, HIGH_HZ, LOW_HZ, Spectrum } from "../sound/spectrum.js";

const BAND = /^eq\.(\w+)\.(gain_db|hz|q)$|^eq\.(\w+)_db$/;
const POINTS = 160;
const SPAN_DB = 18; // from the middle to the top
const FOOT = 18; // below the curves, as in the spectrum
const REACH_PX = 48; // a finger farther from every dot moves none
const TWICE_MS = 350;
const STILL_PX = 6;
const [TILT_HZ, TILT_Q] = [650, 0.4]; // two shelves, one up and one down

export const isBand = ({ id }) => BAND.test(id);

export class Eq {
  #bands = new Map(); // name -> {gain, hz, q}: views
  #fingers = new Map(); // pointer -> {x, y}
  #drag = null;
  #tapped = { at: 0, name: "" };
  #scope = null;

  constructor(box, params, views, offer) {
    this.params = params;
    this.offer = offer;
    this.canvas = el("canvas", { class: "spectrum", role: "img", "aria-label": t("look.spectrum.label") });
    this.curve = svg("path", { class: "eq-curve" });
    this.area = svg("path", { class: "eq-area" });
    this.dots = svg("g", {});
    this.plot = svg("svg", { class: "eq-plot", "aria-hidden": "true" }, svg("path", { class: "eq-even" }), this.area, this.curve, this.dots);
    this.face = el("div", { class: "eq-face" }, this.canvas, this.plot);
    for (const view of views) {
      const [, name, part, flat] = BAND.exec(view.id);
      const band = this.#bands.get(name ?? flat) ?? {};
      band[(part ?? "gain_db").split("_")[0]] = view;
      this.#bands.set(name ?? flat, band);
      params.watch(view.id, () => this.#draw());
    }
    this.keys = el("div", { class: "eq-bands", role: "group", "aria-label": t("stages.bands") });
    for (const name of this.#bands.keys()) {
      const key = el("button", { class: "plain", type: "button", "data-band": name, "aria-label": this.#label(name) }, either(`stages.band.${name}`, name));
      key.addEventListener("click", () => this.#choose(name));
      this.keys.append(key);
    }
    this.dots.append(...[...this.#bands.keys()].map((name) => svg("circle", { class: "eq-dot", "data-band": name })));
    this.faders = el("div", { class: "eq-faders" });
    this.node = el("div", { class: "eq" }, this.face, el("p", { class: "help" }, t("stages.eq.help")), this.keys, this.faders);
    this.#listen();
    this.spectrum = new Spectrum(this.canvas, null, () => {});
    if (box.entry.may("engineer")) this.spectrum.start();
    this.sizes = new ResizeObserver(() => {
      this.spectrum.forget();
      this.#draw();
    });
    this.sizes.observe(this.face);
    this.#choose([...this.#bands.keys()][0]);
  }

  stop() {
    this.spectrum.stop();
    this.sizes.disconnect();
    this.#scope?.end();
  }

  forget() {
    this.spectrum.forget();
  }

  #label(name) {
    return this.#bands.get(name).gain?.label ?? name;
  }

  #choose(name) {
    if (!name || name === this.chosen) return;
    this.chosen = name;
    this.#scope?.end();
    this.#scope = this.params.scope();
    const band = this.#bands.get(name);
    this.faders.replaceChildren(...["gain", "hz", "q"].filter((part) => band[part]).map((part) => {
      const node = slider(this.#scope, band[part], { within: "stage", even: part !== "gain" });
      this.offer(node, band[part]);
      return node;
    }));
    for (const key of this.keys.children) key.setAttribute("aria-pressed", String(key.dataset.band === name));
    this.#draw();
  }

  // --- fingers ---

  #listen() {
    const face = this.face;
    face.addEventListener("pointerdown", (event) => {
      if (event.button || this.face.closest("fieldset:disabled")) return;
      this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (this.#fingers.size === 2 && this.#drag) return this.#pinch();
      const name = this.#nearest(event);
      if (!name) return;
      event.preventDefault();
      face.setPointerCapture(event.pointerId);
      const twice = performance.now() - this.#tapped.at < TWICE_MS && this.#tapped.name === name;
      this.#tapped = { at: performance.now(), name };
      this.#choose(name);
      const band = this.#bands.get(name);
      if (twice) return this.params.set(band.gain.id, 0);
      this.#drag = { name, band, x: event.clientX, y: event.clientY, hz: band.hz && this.params.value(band.hz.id), gain: this.params.value(band.gain.id), moved: false, apart: 0 };
      this.#hold(true);
    });
    face.addEventListener("pointermove", (event) => {
      if (!this.#fingers.has(event.pointerId)) return;
      this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (this.#drag?.apart) this.#widen();
      else if (this.#drag) this.#move(event);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      face.addEventListener(end, (event) => {
        this.#fingers.delete(event.pointerId);
        if (!this.#drag || (this.#drag.apart && this.#fingers.size)) return;
        this.#hold(false);
        this.#drag = null;
      });
    }
    face.addEventListener("wheel", (event) => {
      const { q } = this.#bands.get(this.chosen);
      if (!q || this.face.closest("fieldset:disabled")) return;
      event.preventDefault();
      this.#set(q, this.params.value(q.id) * (event.deltaY > 0 ? 0.9 : 1 / 0.9));
    }, { passive: false });
  }

  #move(event) {
    const { band, x, y, hz, gain } = this.#drag;
    const [right, up] = [event.clientX - x, y - event.clientY];
    if (!this.#drag.moved && Math.hypot(right, up) < STILL_PX) return;
    this.#drag.moved = true;
    this.#tapped.at = 0;
    const { width, height } = this.#size();
    if (band.hz && hz) this.#set(band.hz, hz * (HIGH_HZ / LOW_HZ) ** (right / width));
    if (gain !== null) this.#set(band.gain, gain + (2 * SPAN_DB * up) / height);
  }

  #pinch() {
    this.#drag.apart = this.#apart();
    this.#drag.q = this.#drag.band.q && this.params.value(this.#drag.band.q.id);
    this.#tapped.at = 0;
  }

  #widen() {
    const { band, apart, q } = this.#drag;
    if (band.q && q) this.#set(band.q, (q * apart) / Math.max(this.#apart(), 1));
  }

  #apart() {
    const [one, other] = [...this.#fingers.values()];
    return other ? Math.max(Math.hypot(one.x - other.x, one.y - other.y), 1) : this.#drag.apart;
  }

  #hold(held) {
    for (const view of Object.values(this.#drag.band)) this.params.hold(view.id, held);
  }

  #set(view, wanted) {
    const fine = view.unit === "Hz" ? Number(wanted.toPrecision(3)) : Math.round(wanted / (step(view) / 2)) * (step(view) / 2);
    this.params.set(view.id, Number(Math.min(Math.max(fine, view.low), view.high).toFixed(4)));
  }

  #nearest(event) {
    const box = this.face.getBoundingClientRect();
    let [found, least] = ["", REACH_PX];
    for (const name of this.#bands.keys()) {
      const [x, y] = this.#dot(name);
      const far = Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
      if (far < least) [found, least] = [name, far];
    }
    return found;
  }

  // --- drawing ---

  #size() {
    return { width: Math.max(this.face.clientWidth - GUTTER, 1), height: Math.max(this.face.clientHeight - FOOT, 1) };
  }

  #dot(name) {
    const { width, height } = this.#size();
    const { hz, gain } = this.#bands.get(name);
    const at = (hz && this.params.value(hz.id)) || TILT_HZ;
    const db = this.params.value(gain.id) ?? 0;
    return [GUTTER + Math.min(Math.max(across(at), 0), 1) * width, (height / 2) * (1 - db / SPAN_DB)];
  }

  #draw() {
    const { width, height } = this.#size();
    if (width < 2) return;
    this.plot.setAttribute("viewBox", `0 0 ${width + GUTTER} ${height + FOOT}`);
    const line = Array.from({ length: POINTS }, (_, i) => {
      const share = i / (POINTS - 1);
      const db = this.#response(LOW_HZ * (HIGH_HZ / LOW_HZ) ** share);
      return `${(GUTTER + share * width).toFixed(1)} ${((height / 2) * (1 - Math.min(Math.max(db / SPAN_DB, -1), 1))).toFixed(1)}`;
    });
    this.curve.setAttribute("d", `M${line.join("L")}`);
    this.area.setAttribute("d", `M${GUTTER} ${height / 2}L${line.join("L")}L${GUTTER + width} ${height / 2}Z`);
    this.plot.firstChild.setAttribute("d", `M${GUTTER} ${height / 2}H${GUTTER + width}`);
    for (const dot of this.dots.children) {
      const [cx, cy] = this.#dot(dot.dataset.band);
      const chosen = dot.dataset.band === this.chosen;
      for (const [name, value] of Object.entries({ cx, cy, r: chosen ? 11 : 8, class: chosen ? "eq-dot chosen" : "eq-dot" })) dot.setAttribute(name, value);
    }
    for (const key of this.keys?.children ?? []) {
      const { gain } = this.#bands.get(key.dataset.band);
      key.classList.toggle("moved", Boolean(this.params.value(gain.id)));
      key.title = words(gain, this.params.value(gain.id));
    }
  }

  #response(hz) {
    let db = 0;
    for (const [name, band] of this.#bands) {
      const gain = this.params.value(band.gain.id) ?? 0;
      if (gain) db += responseDb(name, gain, (band.hz && this.params.value(band.hz.id)) || TILT_HZ, (band.q && this.params.value(band.q.id)) || Math.SQRT1_2, hz);
    }
    return db;
  }
}

export function responseDb(name, gain, at, q, hz) {
  // A band's level at a frequency: the filters of the box follow the analogue ones, so these are computed here.
  const w = hz / at;
  const a = 10 ** (gain / 40);
  const db = (re, im, re2, im2) => 10 * Math.log10((re * re + im * im) / (re2 * re2 + im2 * im2));
  const root = Math.sqrt(a) / q; // of a shelf
  if (name === "tilt") return responseDb("low", -gain, TILT_HZ, TILT_Q, hz) + responseDb("high", gain, TILT_HZ, TILT_Q, hz);
  if (name === "low") return db(a * (a - w * w), a * root * w, 1 - a * w * w, root * w);
  if (name === "high") return db(a * (1 - a * w * w), a * root * w, a - w * w, root * w);
  return db(1 - w * w, (a / q) * w, 1 - w * w, w / (a * q));
}
