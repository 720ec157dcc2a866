// Set up: a list of sections, each one module setup/<name>.js which exports
//
//   title                 the key of its title's text
//   open                  true: unfolded to begin with (else folded)
//   create(box, card) ->  a view as views.js describes it: { rebuild(), show(), hide(), status(status), forget() }
//
// card: {body: the element to fill, side(text): a few words beside the title, hidden(yes), open(yes), only(names): show
// only these sections, unfolded, until only(null)}. Here show means that the section is in front and unfolded; hide means that
// it no longer is. Every section gets status while Set up is in front, so that a folded one can update the words beside its
// title.

import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import * as audio from "./setup/audio.js";
import * as front from "./setup/front.js";
import * as levels from "./setup/levels.js";
import * as models from "./setup/models.js";
import * as panel from "./setup/panel.js";
import * as phone from "./setup/phone.js";
import * as pin from "./setup/pin.js";
import * as system from "./setup/system.js";
import * as wizard from "./setup/wizard.js";

const SECTIONS = { wizard, audio, levels, front, panel, models, pin, phone, system }; // in the order of the page

export function create(box) {
  const sections = [];
  const only = (names) => {
    byId("setup-sections").classList.toggle("alone", names !== null);
    for (const { name, node } of sections) {
      node.classList.toggle("away", names !== null && !names.includes(name));
      if (names?.includes(name)) node.open = true;
    }
  };
  for (const [name, module] of Object.entries(SECTIONS)) sections.push(section(box, name, module, only));
  byId("setup-sections").replaceChildren(...sections.map(({ node }) => node));
  const each = (what) => (...values) => sections.forEach(({ view }) => view[what]?.(...values));
  let inFront = false;

  const look = () => {
    for (const part of sections) {
      const shown = inFront && part.node.open && !part.node.hidden && !part.node.classList.contains("away");
      if (shown === part.shown) continue;
      part.shown = shown;
      part.view[shown ? "show" : "hide"]?.();
    }
  };
  for (const { node } of sections) node.addEventListener("toggle", look);
  return {
    rebuild: each("rebuild"),
    status: each("status"),
    forget: each("forget"),
    show() {
      inFront = true;
      look();
    },
    hide() {
      inFront = false;
      look();
    },
  };
}

function section(box, name, module, only) {
  const body = el("div", { class: "section-body" });
  const side = el("span", { class: "summary-side" });
  const node = el("details", { class: "card", id: `setup-${name}`, open: Boolean(module.open) },
    el("summary", {}, el("h2", {}, t(module.title)), side), body);
  const card = {
    body,
    side: (text) => setText(side, text),
    hidden: (yes) => { node.hidden = yes; },
    open: (yes) => { node.open = yes; },
    only,
  };
  return { name, node, view: module.create(box, card), shown: false };
}
