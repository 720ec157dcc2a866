// A slider, a switch or a choice for any parameter, drawn from the box's description of it.

import { el, setText } from "./dom.js";
import { choiceWords, step, words } from "./format.js";
import { t } from "./texts.js";

export function slider(params, view, { big = false, within = "param", even = false } = {}) {
  // within: a word that tells it from the same one elsewhere on the page. even: as far for each octave, as a frequency needs.
  const id = `${within}-${view.id}`;
  const scale10 = even && view.low > 0;
  const shareOf = (now) => (scale10 ? Math.log(now / view.low) / Math.log(view.high / view.low) : (now - view.low) / (view.high - view.low));
  const valueOf = (at) => (scale10 ? Number((view.low * (view.high / view.low) ** at).toPrecision(3)) : at);
  const value = el("output", { class: "value", htmlFor: id });
  const input = el("input", {
    class: "fader", id, type: "range", min: scale10 ? 0 : view.low, max: scale10 ? 1 : view.high, step: scale10 ? 0.005 : step(view), "aria-describedby": `${id}-help`,
  });
  const reset = el("button", { class: "reset", type: "button", title: t("shell.reset.to", { value: words(view, view.default) }) }, t("shell.reset"));
  reset.setAttribute("aria-label", t("shell.reset.what", { label: view.label, value: words(view, view.default) }));
  const centred = view.low < 0 && view.high > 0;
  const zero = centred ? -view.low / (view.high - view.low) : 0;

  params.watch(view.id, (now) => {
    const known = now !== null;
    input.disabled = !known;
    reset.disabled = !known;
    reset.hidden = !known || Math.abs(now - view.default) < step(view) / 2;
    const at = known ? shareOf(now) : zero;
    input.value = !known ? view.low + zero * (view.high - view.low) : scale10 ? at : now;
    input.style.setProperty("--from", centred ? Math.min(at, zero) : -1); // from the end of the slot
    input.style.setProperty("--to", Math.max(at, zero));
    input.setAttribute("aria-valuetext", known ? words(view, now) : t("shell.unknown"));
    setText(value, words(view, now));
  });
  input.addEventListener("input", () => params.set(view.id, Math.min(Math.max(valueOf(Number(input.value)), view.low), view.high)));
  input.addEventListener("pointerdown", () => params.hold(view.id, true));
  for (const name of ["pointerup", "pointercancel", "blur"]) {
    input.addEventListener(name, () => params.hold(view.id, false));
  }
  reset.addEventListener("click", () => params.set(view.id, view.default));

  const head = el("div", { class: "control-head" }, el("label", { htmlFor: id }, view.label), reset, value);
  const help = el("p", { class: "help", id: `${id}-help` }, view.help);
  const parts = big ? [head, input, scale(view), help] : [head, input, help];
  return el("div", { class: big ? "control big" : "control" }, ...parts);
}

function scale(view) {
  const marks = el("div", { class: "scale", "aria-hidden": "true" });
  for (let i = 0; i <= 4; i++) {
    marks.append(el("span", {}, String(Math.round(view.low + (i / 4) * (view.high - view.low)))));
  }
  return marks;
}

export function choice(params, view, { within = "" } = {}) {
  const group = el("div", { class: "choice", role: "radiogroup", "aria-label": view.label });
  const inputs = view.choices.map((name, i) => {
    const input = el("input", { type: "radio", name: `${within}${view.id}`, value: String(view.low + i) });
    input.addEventListener("change", () => params.set(view.id, view.low + i));
    const said = choiceWords(name);
    group.append(el("label", {}, input, el("span", {}, said[0].toUpperCase() + said.slice(1))));
    return input;
  });
  params.watch(view.id, (now) => {
    inputs.forEach((input, i) => {
      input.disabled = now === null;
      input.checked = now !== null && Math.round(now - view.low) === i;
    });
  });
  const head = el("div", { class: "control-head" }, el("span", { class: "label" }, view.label));
  return el("div", { class: "control" }, head, group, el("p", { class: "help" }, view.help));
}

export function toggle(params, view, button, show) {
  // Makes `button` switch an off/on parameter. show(on) draws it; on is null while the value is unknown.
  params.watch(view.id, (now) => {
    const on = now === null ? null : now >= 0.5;
    button.disabled = on === null;
    button.setAttribute("aria-pressed", on === null ? "mixed" : String(on));
    show(on);
  });
  button.addEventListener("click", () => params.set(view.id, params.value(view.id) >= 0.5 ? 0 : 1));
}
