// The ways to pair this phone, wherever they are offered (the door, the wizard, the sheet over a locked thing): a code, a
// footswitch held at the box, and the PIN where one is set.

import { get, post } from "../api.js";
import { el, setText } from "../base/dom.js";
import { either, t } from "../base/texts.js";
import { button, field } from "../setting_up/asking.js";
import { digits } from "../setting_up/pin_form.js";
import { claim, forgets, paired, phoneName, refused, tidy, whole } from "./code.js";

const ASK_MS = 1500;
const LONGEST_NAME = 40; // as the box has it
let made = 0; // two may be there at a time, one in a sheet: their fields have names of their own

export function waysIn(entry, { said = "", done }) {
  // {node, stop()}. said: why the last try failed. done(): this phone is paired now. stop: nobody looks any more.
  const name = el("input", { class: "pick", type: "text", value: phoneName(), maxLength: LONGEST_NAME, autocomplete: "off", enterKeyHint: "go" });
  const id = `pair-${++made}`;
  const asking = footswitch(entry, name, done);
  const node = el("div", { class: "ways-in" },
    ...(forgets() ? [el("p", { class: "notice" }, t("pair.forgets", { url: `${location.origin}/` }))] : []), byCode(entry, id, name, said, done), asking.node);
  const stopped = { yes: false };
  get("pin").then(({ in_force: set }) => set && !stopped.yes && node.append(byPin(entry, id, name, done))).catch(() => {});
  return {
    node,
    stop() {
      stopped.yes = true;
      asking.stop();
    },
  };
}

function byCode(entry, id, name, said, done) {
  const code = el("input", { class: "pick pair-code", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: false, placeholder: "XXXXX-XXXXX", enterKeyHint: "next" });
  const words = el("p", { class: "sheet-status", role: "alert" }, said);
  const go = el("button", { class: "plain strong", type: "submit" }, t("pair.go"));
  code.addEventListener("input", () => {
    if (code.selectionEnd === code.value.length) code.value = tidy(code.value); // elsewhere the cursor would jump
  });
  const form = el("form", { class: "form" }, field(`${id}-code`, t("pair.code"), code, t(entry.claimed ? "pair.code.help" : "pair.code.fresh")),
    field(`${id}-name`, t("pair.name"), name), words, go);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!whole(tidy(code.value))) {
      code.focus();
      return setText(words, t("pair.code.short"));
    }
    go.disabled = true;
    setText(words, await tried(() => claim(entry, tidy(code.value), name.value), done));
    go.disabled = false;
    if (words.textContent) code.select();
  });
  return form;
}

function footswitch(entry, name, done) {
  // The phone asks again and again, so that it does not matter what comes first: the tap here or the foot.
  let asking = null; // the round of asking that goes on
  const now = el("span");
  const hold = el("p", { class: "listening", role: "status" }, el("span", { class: "pulse", "aria-hidden": "true" }), now);
  const trouble = el("p", { class: "sheet-status", role: "alert" });
  const key = button(t("pair.ask"), () => (asking ? stop() : begin()));

  function begin() {
    setText(key, t("shell.cancel"));
    setText(now, t("pair.ask.hold"));
    setText(trouble, "");
    ask((asking = {}));
  }

  function stop(why = "") {
    asking = null;
    setText(key, t("pair.ask"));
    setText(now, "");
    setText(trouble, why);
  }

  async function ask(round) {
    let letIn = false;
    const why = await tried(async () => {
      ({ let_in: letIn } = await post("pairing/ask", { name: name.value }));
      if (letIn) await paired(entry);
    }, null, (error) => either(`pair.ask.refused.${error.code}`, error.message));
    if (round !== asking) return;
    if (why) return stop(why);
    if (!letIn) return setTimeout(() => round === asking && ask(round), ASK_MS);
    stop();
    return done();
  }

  return { node: el("div", { class: "form way" }, el("p", { class: "help" }, t("pair.ask.help")), hold, trouble, key), stop };
}

function byPin(entry, id, name, done) {
  const pin = digits("current-password");
  const words = el("p", { class: "sheet-status", role: "alert" });
  const form = el("form", { class: "form way" }, field(`${id}-pin`, t("pin.label"), pin, t("pair.pin.help")), words,
    el("button", { class: "plain", type: "submit" }, t("pin.unlock")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    setText(words, await tried(async () => {
      await post("pin/unlock", { pin: pin.value, name: name.value });
      await paired(entry);
    }, done));
    if (words.textContent) pin.select();
  });
  return form;
}

async function tried(what, then, words = refused) {
  // Why it failed, in words; "" when it worked, and then() was done.
  try {
    await what();
  } catch (error) {
    return words(error);
  }
  then?.();
  return "";
}
