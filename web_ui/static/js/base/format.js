// Numbers as people read them, in the page's language.

import { either } from "./texts.js";

const MINUS = "\u2212";
const FORMATS = new Map(); // by digits: making one takes longer than using it, and levels change 20 times a second

export function step(view) {
  // The step: a hundredth of the range or finer, from the 1-2-5 series.
  const raw = (view.high - view.low) / 100;
  const ten = 10 ** Math.floor(Math.log10(raw) + 1e-9);
  const digit = raw / ten;
  return (digit >= 5 - 1e-9 ? 5 : digit >= 2 - 1e-9 ? 2 : 1) * ten;
}

export function decimals(view) {
  return Math.max(0, -Math.floor(Math.log10(step(view)) + 1e-9));
}

export function number(value, digits, signed = false) {
  if (!FORMATS.has(digits)) FORMATS.set(digits, format(digits));
  const text = FORMATS.get(digits).format(Math.abs(value));
  if (Number(value.toFixed(digits)) === 0) return text;
  return (value < 0 ? MINUS : signed ? "+" : "") + text;
}

export const choiceWords = (name) => either(`box.choice.${name}`, name); // the box's own are English

export function words(view, value) {
  // "24.0 dB", "removed"; a dash while the value is unknown.
  if (value === null) return "\u2013";
  if (view.choices.length) return choiceWords(view.choices[Math.round(value - view.low)]) ?? String(value);
  const text = number(value, decimals(view), view.low < 0);
  return view.unit ? `${text}\u00a0${view.unit}` : text;
}

function format(digits) {
  return new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}
