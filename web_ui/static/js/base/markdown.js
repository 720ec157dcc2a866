// The Markdown of model cards as elements.

import { el } from "./dom.js";

export function markdown(text) {
  // The subset of Markdown that cards use: headings, lists, paragraphs; tables and code stay as they are written.
  const root = el("div", { class: "markdown" });
  for (const block of text.replaceAll("\r", "").split(/\n{2,}/)) {
    const lines = block.split("\n").filter((line) => line.trim());
    if (!lines.length) continue;
    const heading = /^(#+)\s+(.*)/.exec(lines[0]);
    if (heading) {
      root.append(el(heading[1].length > 1 ? "h4" : "h3", {}, plain(heading[2])));
      lines.shift();
    }
    if (!lines.length) continue;
    if (lines.every((line) => /^(\||```| {4})/.test(line))) root.append(el("pre", {}, lines.join("\n")));
    else if (/^[-*]\s/.test(lines[0])) root.append(list(lines));
    else root.append(el("p", {}, plain(lines.join(" "))));
  }
  return root;
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    const item = /^[-*]\s+(.*)/.exec(line);
    if (item) items.push(item[1]);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return el("ul", {}, ...items.map((item) => el("li", {}, plain(item))));
}

function plain(text) {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/`([^`]+)`/g, "$1")
    .replace(/(\*{1,3})(\S|\S.*?\S)\1/g, "$2")
    .replace(/(^|\s)(_{1,3})(\S|\S.*?\S)\2(?=$|[\s.,;:])/g, "$1$3"); // not inside a_name_like_this
}
