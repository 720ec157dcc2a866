// A fader for one parameter, over its level: upright, or lying where the screen is low (CSS decides). Only its cap is dragged,
// and by how far the finger moves: neither a touch beside it nor scrolling past changes anything.

import { el, setText } from "./dom.js";
import { decimals, step, words } from "./format.js";
import { t } from "./texts.js";

export function fader(params, view, name) {
  // Returns {node, level(share), value}: value is the element with the number.
  const lit = el("span", { class: "upright-level" });
  const cap = el("span", { class: "upright-cap" });
  const value = el("output", { class: "stem-value" });
  const node = el("div", {
    class: "upright", id: `param-${view.id}`, role: "slider", tabindex: "0", "aria-label": name,
    "aria-valuemin": String(view.low), "aria-valuemax": String(view.high),
  }, lit, cap);
  const share = (now) => (now - view.low) / (view.high - view.low);
  const grid = step(view);
  const set = (wanted) => {
    const even = Number((Math.round(wanted / grid) * grid).toFixed(decimals(view)));
    params.set(view.id, Math.min(Math.max(even, view.low), view.high));
  };

  params.watch(view.id, (now) => {
    const known = now !== null;
    node.setAttribute("aria-disabled", String(!known));
    node.setAttribute("aria-valuetext", known ? words(view, now) : t("shell.unknown"));
    if (known) node.setAttribute("aria-valuenow", String(now));
    else node.removeAttribute("aria-valuenow");
    node.style.setProperty("--at", known ? share(now).toFixed(4) : 0);
    cap.hidden = !known;
    setText(value, words(view, now));
  });

  let from = null;
  cap.addEventListener("pointerdown", (event) => {
    const now = params.value(view.id);
    if (now === null || event.button) return;
    from = { x: event.clientX, y: event.clientY, now };
    cap.setPointerCapture(event.pointerId);
    params.hold(view.id, true);
  });
  cap.addEventListener("pointermove", (event) => {
    const lies = node.clientWidth > node.clientHeight;
    const far = from ? (lies ? event.clientX - from.x : from.y - event.clientY) : 0;
    if (!far) return;
    const way = lies ? node.clientWidth - cap.offsetWidth : node.clientHeight - cap.offsetHeight;
    set(from.now + (far / Math.max(way, 1)) * (view.high - view.low));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    cap.addEventListener(end, () => {
      if (from) params.hold(view.id, false);
      from = null;
    });
  }
  node.addEventListener("keydown", (event) => {
    const now = params.value(view.id);
    const one = Math.max(grid, 1);
    const moves = { ArrowUp: one, ArrowRight: one, ArrowDown: -one, ArrowLeft: -one, PageUp: 6 * one, PageDown: -6 * one, Home: -Infinity, End: Infinity };
    if (now === null || !(event.key in moves)) return;
    event.preventDefault();
    const by = moves[event.key];
    if (Number.isFinite(by)) set(now + by);
    else params.set(view.id, by < 0 ? view.low : view.high);
  });
  return { node, value, level: (part) => lit.style.setProperty("--level", part.toFixed(3)) };
}
