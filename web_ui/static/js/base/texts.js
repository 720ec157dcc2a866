// What people read, in the language of the page: web_ui/texts/<language>/<area>.json, put into the page by the box.

const TEXTS = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

export function t(key, values = {}) {
  // t(key, {count: 3}) fills in {count}. A key that does not exist shows as itself, so that it is seen.
  return (TEXTS[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

export function either(key, otherwise) {
  // The text, or `otherwise`: for names that the box may know and no translator does.
  return TEXTS[key] ?? otherwise;
}
