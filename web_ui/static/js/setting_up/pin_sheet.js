// Asks for the PIN when the box has refused something without it. Then the page reloads with the new rights.

import { post } from "../api.js";
import { el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import { button, field } from "./asking.js";
import { digits } from "./pin_form.js";

let dialog = null;

export function ask() {
  if (dialog?.open) return;
  const pin = digits("current-password");
  const said = el("p", { class: "sheet-status", role: "status" });
  const form = el("form", { class: "form" },
    el("h2", { id: "pin-title" }, t("pin.ask")), el("p", { class: "help" }, t("pin.ask.help")),
    field("pin-told", t("pin.label"), pin), said,
    el("div", { class: "pair" }, button(t("pin.not_now"), () => leave()), el("button", { class: "plain strong" }, t("pin.unlock"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await post("pin/unlock", { pin: pin.value });
    } catch (error) {
      pin.select();
      return setText(said, error.message);
    }
    return location.reload();
  });
  dialog?.remove();
  dialog = el("dialog", { class: "pin-sheet", "aria-labelledby": "pin-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
}

function leave() {
  dialog.close();
  location.hash = "#play";
}
