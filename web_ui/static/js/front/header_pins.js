// The 40-pin header seen from above, with its wiring. Used by the page and the wiring diagram.

import { svg } from "../base/dom.js";
import { t } from "../base/texts.js";

const ROW = 27;
const WIDE = 360;
const MOST = 17; // characters beside a pin

export function headerPins(pins) {
  const rows = pins.length / 2;
  const high = rows * ROW + 16;
  const board = svg("rect", { class: "pins-board", x: WIDE / 2 - 32, y: 2, width: 64, height: high - 4, rx: 8 });
  const drawing = svg("svg", { class: "pins", viewBox: `0 0 ${WIDE} ${high}`, role: "img", "aria-label": said(pins) }, board);
  for (const pin of pins) {
    const left = pin.number % 2 === 1;
    const x = WIDE / 2 + (left ? -15 : 15);
    const y = 8 + ROW * (Math.floor((pin.number - 1) / 2) + 0.5);
    const dot = pin.number === 1
      ? svg("rect", { x: x - 9, y: y - 9, width: 18, height: 18 }) // pin 1 is square on the board too
      : svg("circle", { cx: x, cy: y, r: 9 });
    const number = svg("text", { class: "pin-number", x, y: y + 3.5, "text-anchor": "middle" });
    number.textContent = String(pin.number);
    const words = svg("text", { class: "pin-words", x: left ? x - 24 : x + 24, y: y + 4.5, "text-anchor": left ? "end" : "start" });
    words.textContent = short(beside(pin));
    const title = svg("title");
    title.textContent = t(pin.wired ? "wiring.pin.wired" : "wiring.pin", pin);
    drawing.append(svg("g", { class: `header-pin ${pin.role}` }, title, dot, number, words));
  }
  return drawing;
}

const beside = (pin) => (pin.role === "wired" ? pin.wired : pin.name);

const short = (text) => (text.length > MOST ? `${text.slice(0, MOST - 1)}\u2026` : text);

function said(pins) {
  const wired = pins.filter(({ role }) => role === "wired").map((pin) => t("wiring.header.pin", pin));
  return wired.length ? t("wiring.header", { wired: wired.join(", ") }) : t("wiring.header.none");
}
