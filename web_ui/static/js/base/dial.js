// A dial for one parameter. It turns by how far a finger moves sideways, not to where it touches, so that neither a
// touch nor scrolling past changes anything.

import { el, setText, svg } from "./dom.js";
import { decimals, number, step, words } from "./format.js";
import { t } from "./texts.js";

const SWEEP = 270; // degrees from one stop to the other
const RADIUS = 62;
const WHOLE_PX = 260; // sideways for the whole range
const DEAD_PX = 6;

const point = (share, radius) => {
  const angle = ((share - 0.5) * SWEEP - 90) * (Math.PI / 180);
  return `${(80 + radius * Math.cos(angle)).toFixed(2)} ${(80 + radius * Math.sin(angle)).toFixed(2)}`;
};
const arc = (from, to) => `M ${point(from, RADIUS)} A ${RADIUS} ${RADIUS} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${point(to, RADIUS)}`;

export function dial(params, view) {
  const share = (value) => (value - view.low) / (view.high - view.low);
  const lit = svg("path", { class: "dial-lit" });
  const mark = svg("circle", { class: "dial-mark", r: 7 });
  const value = el("span", { class: "dial-value", "aria-hidden": "true" });
  const face = el("div", {
    class: "dial", role: "slider", tabindex: "0", "aria-label": view.label,
    "aria-valuemin": String(view.low), "aria-valuemax": String(view.high), "aria-describedby": "dial-help",
  }, svg("svg", { viewBox: "0 0 160 148", "aria-hidden": "true" }, svg("path", { class: "dial-slot", d: arc(0, 1) }), lit, mark), value,
  el("span", { class: "dial-unit", "aria-hidden": "true" }, view.unit), el("span", { class: "dial-label", "aria-hidden": "true" }, view.label));
  const key = (sign, by) => {
    const button = el("button", { class: "plain dial-key", type: "button", "aria-label": `${view.label} ${sign}` }, sign);
    button.addEventListener("click", () => move(by * coarse));
    return button;
  };
  const coarse = Math.max(step(view), 1);
  const keys = [key("\u2212", -1), key("+", 1)];
  const reset = el("button", { class: "reset", type: "button", "aria-label": t("shell.reset.what", { label: view.label, value: words(view, view.default) }), title: t("shell.reset.to", { value: words(view, view.default) }) },
    svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M6 4v5h5M6.500 9A7 7 0 1 1 5 14" })));
  reset.addEventListener("click", () => params.set(view.id, view.default));

  const move = (by) => {
    const now = params.value(view.id);
    if (now === null) return;
    const fine = 10 ** decimals(view);
    params.set(view.id, Math.min(Math.max(Math.round((now + by) * fine) / fine, view.low), view.high));
  };

  params.watch(view.id, (now) => {
    const known = now !== null;
    face.classList.toggle("unknown", !known);
    face.setAttribute("aria-disabled", String(!known));
    for (const button of keys) button.disabled = !known;
    reset.style.visibility = known && Math.abs(now - view.default) >= step(view) / 2 ? "visible" : "hidden";
    setText(value, known ? number(now, decimals(view), view.low < 0) : "\u2013");
    face.setAttribute("aria-valuetext", known ? words(view, now) : t("shell.unknown"));
    if (known) face.setAttribute("aria-valuenow", String(now));
    else face.removeAttribute("aria-valuenow");
    lit.setAttribute("d", known && share(now) > 0 ? arc(0, Math.min(share(now), 0.9999)) : "");
    mark.style.display = known ? "" : "none";
    const [cx, cy] = point(known ? share(now) : 0, RADIUS).split(" ");
    mark.setAttribute("cx", cx);
    mark.setAttribute("cy", cy);
  });

  let from = null;
  face.addEventListener("pointerdown", (event) => {
    const now = params.value(view.id);
    if (now === null || event.button) return;
    from = { x: event.clientX, y: event.clientY, now, turning: false };
  });
  face.addEventListener("pointermove", (event) => {
    if (!from) return;
    const sideways = event.clientX - from.x;
    if (!from.turning) {
      const upward = Math.abs(event.clientY - from.y);
      if (Math.hypot(sideways, upward) < DEAD_PX) return;
      // A finger that first moves up or down scrolls, whatever it does next. A mouse turns the dial in either direction.
      if (event.pointerType !== "mouse" && upward >= Math.abs(sideways)) {
        from = null;
        return;
      }
      from.turning = true;
      face.setPointerCapture(event.pointerId);
      params.hold(view.id, true);
    }
    const far = sideways + (event.pointerType === "mouse" ? from.y - event.clientY : 0);
    const wanted = from.now + (far / WHOLE_PX) * (view.high - view.low);
    const grid = step(view);
    const even = Number((Math.round(wanted / grid) * grid).toFixed(decimals(view)));
    params.set(view.id, Math.min(Math.max(even, view.low), view.high));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    face.addEventListener(name, (event) => {
      if (name === "lostpointercapture" && event.target !== face) return; // a child passed the pointer on to the face
      if (from?.turning) params.hold(view.id, false);
      from = null;
    });
  }
  face.addEventListener("keydown", (event) => {
    const big = (view.high - view.low) / 10;
    const moves = { ArrowUp: coarse, ArrowRight: coarse, ArrowDown: -coarse, ArrowLeft: -coarse, PageUp: big, PageDown: -big, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const by = moves[event.key];
    if (Number.isFinite(by)) move(by);
    else params.set(view.id, by < 0 ? view.low : view.high);
  });

  return el("div", { class: "dial-part" },
    el("div", { class: "dial-row" }, keys[0], face, keys[1]),
    reset, el("p", { class: "help hidden-help", id: "dial-help" }, view.help));
}
