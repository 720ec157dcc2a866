// The page's texts, in its language: web_ui/texts/<language>/<area>.json, put into the page by the box.

const TEXTS = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

export function t(key, values = {}) {
  // t(key, {count: 3}) fills in {count}. A missing key shows as itself, so that somebody notices.
  return (TEXTS[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => isolated(values[name] ?? whole));
}

// Among words from right to left a number or a name keeps its own direction: "-3 dB" is not "3- dB".
const isolated = document.documentElement.dir === "rtl" ? (value) => `\u2068${value}\u2069` : (value) => value;

export function either(key, otherwise) {
  // The text, or `otherwise`: for names that the box may know but no translation has.
  return TEXTS[key] ?? otherwise;
}
