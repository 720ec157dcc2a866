// A dialog over the page: a question with a text, or a list of things to do. The browser keeps the focus inside.

import { el } from "./dom.js";
import { t } from "./texts.js";

let made = 0; // one may lie over another: each has its own title

export function opened(title, ...parts) {
  const id = `dialog-title-${++made}`;
  const node = el("dialog", { class: "dialog", "aria-labelledby": id }, el("h2", { id }, title), ...parts);
  // A tap beside it. The finger whose long press opened it comes up beside it, too, but did not go down there.
  let beside = false;
  node.addEventListener("pointerdown", (event) => { beside = event.target === node; });
  node.addEventListener("click", (event) => beside && event.target === node && node.close());
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  node.showModal();
  return node;
}

export function ask(title, { value = "", label, save, then, numeric = false, longest = 40 }) {
  // then(text) may throw a Refusal: its words are shown, and the dialog stays.
  const input = el("input", { class: "pick", id: "dialog-text", type: "text", value, maxLength: longest, autocomplete: "off", enterKeyHint: "done", inputMode: numeric ? "decimal" : "text" });
  const says = el("p", { class: "sheet-status", role: "alert" });
  const cancel = el("button", { class: "plain", type: "button" }, t("shell.cancel"));
  const done = el("button", { class: "plain strong", type: "submit" }, save);
  const form = el("form", { class: "form", method: "dialog" }, el("label", { class: "form-label", htmlFor: "dialog-text" }, label), input, says,
    el("div", { class: "dialog-buttons" }, cancel, done));
  const node = opened(title, form);
  cancel.addEventListener("click", () => node.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    done.disabled = true;
    try {
      await then(input.value);
      node.close();
    } catch (error) {
      says.textContent = error.message;
    }
    done.disabled = false;
  });
  input.select();
}

export function menu(title, items, { about = "" } = {}) {
  // items: [words, what to do, more classes], or something false. about: a sentence under the title.
  const buttons = items.filter(Boolean).map(([words, act, more = ""]) => {
    const button = el("button", { class: `plain menu-item ${more}`.trim(), type: "button" }, words);
    button.addEventListener("click", () => {
      node.close();
      act();
    });
    return button;
  });
  const cancel = el("button", { class: "plain menu-item", type: "button" }, t("shell.cancel"));
  const node = opened(title, ...(about ? [el("p", { class: "lead" }, about)] : []), el("div", { class: "menu" }, ...buttons, cancel));
  cancel.addEventListener("click", () => node.close());
}
