// Numbers as people read them.

const MINUS = "\u2212";

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
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? MINUS : signed ? "+" : "") + text;
}

export function words(view, value) {
  // "24.0 dB", "removed"; a dash while the value is unknown.
  if (value === null) return "\u2013";
  if (view.choices.length) return view.choices[Math.round(value - view.low)] ?? String(value);
  const text = number(value, decimals(view), view.low < 0);
  return view.unit ? `${text}\u00a0${view.unit}` : text;
}
