// Set up: a list of lines in four groups, each with its state at the right. A line opens its section, one at a time;
// #setup/<name> is its address. On a wide screen the list stays beside it. A section is one module setup/<name>.js:
//
//   title                 the key of its title's text
//   needs                 the role that it needs ("" for none); an engineer's where it does not say
//   open                  true: shown above the list, too, until card.open(false)
//   create(box, card) ->  a view as views.js describes it: { rebuild(), show(), hide(), status(status), forget() }, and
//                         glance(): the list is in front: fetch what its line says
//
// card: {body: the element to fill, side(text, trouble): the words on its line, hidden(yes), open(yes): shown above the list
// too, only(names): show only these sections, until only(null)}. Here show means that the section is in front, hide that it
// no longer is. Every section gets status while Set up is in front.

import { Locked } from "../api.js";
import { byId, el, setText } from "../base/dom.js";
import { t } from "../base/texts.js";
import * as about from "./setup/about.js";
import * as audio from "./setup/audio.js";
import * as backup from "./setup/backup.js";
import * as diagnostics from "./setup/diagnostics.js";
import * as docs from "./setup/docs.js";
import * as latency from "./setup/latency.js";
import * as levels from "./setup/levels.js";
import * as log from "./setup/log.js";
import * as models from "./setup/models.js";
import * as name from "./setup/name.js";
import * as network from "./setup/network.js";
import * as pair from "./setup/pair.js";
import * as panel from "./setup/panel.js";
import * as phone from "./setup/phone.js";
import * as phones from "./setup/phones.js";
import * as pin from "./setup/pin.js";
import * as power from "./setup/power.js";
import * as takes from "./setup/takes.js";
import * as updates from "./setup/updates.js";
import * as wizard from "./setup/wizard.js";

const GROUPS = { // in the order of the page
  sound: { audio, levels, models, takes, latency },
  pedals: { panel },
  box: { name, phones, pin, network, backup, updates, power },
  own: { phone },
  help: { pair, wizard, log, diagnostics, docs, about },
};
const WIDE = matchMedia("(min-width: 1000px)"); // css/views/setting_up.css has the same
const FIRST = ["audio", "phone"]; // beside the list on a wide screen: the first that this phone may see
const GLANCE_MS = 400;

export function create(box) {
  const root = byId("setup-sections");
  const parts = []; // {name, needs, view, node, line, open, hidden, shown}
  let alone = null; // the names of the sections that the wizard shows, and no list
  let inFront = false;
  let scrolled = 0; // of the list, while a section is open
  let timer = 0;

  const isThere = ({ hidden, needs }) => !hidden && box.entry.may(needs);
  const card = (part) => ({
    body: part.body,
    side(text, trouble = false) {
      setText(part.side, text);
      part.side.classList.toggle("trouble", trouble);
    },
    hidden(yes) {
      part.hidden = yes;
      draw();
    },
    open(yes) {
      part.open = yes;
      draw();
    },
    only(names) {
      alone = names;
      draw();
    },
  });

  const groups = Object.entries(GROUPS).map(([group, modules]) => {
    const own = Object.entries(modules).map(([name, module]) => part(name, module));
    for (const each of own) parts.push(each);
    return { own, node: el("section", { class: "line-group", "aria-labelledby": `group-${group}` },
      el("h2", { id: `group-${group}` }, t(`setup.group.${group}`)), el("ul", { class: "lines" }, ...own.map(({ line }) => line))) };
  });
  const list = el("nav", { class: "setup-list", "aria-label": t("shell.tab.setup") }, ...groups.map(({ node }) => node));
  const back = el("a", { class: "back", href: "#setup" }, el("span", { class: "chevron left", "aria-hidden": "true" }), t("shell.tab.setup"));
  const stage = el("div", { class: "setup-stage" }, back, ...parts.map(({ node }) => node));
  root.replaceChildren(list, stage);
  for (const each of parts) each.view = each.module.create(box, card(each));

  function wanted() {
    // The section that the address names; on a wide screen never none.
    const at = location.hash.slice(1).split("/")[1] ?? "";
    const there = (name) => parts.some((each) => each.name === name && isThere(each));
    if (there(at)) return at;
    return WIDE.matches ? parts.find((each) => each.open && isThere(each))?.name ?? FIRST.find(there) : "";
  }

  function draw() {
    if (!root.contains(list)) return; // while it is being made
    const at = wanted();
    root.classList.toggle("alone", alone !== null);
    root.classList.toggle("with-section", alone === null && Boolean(at));
    for (const each of parts) {
      const { name, node, line, open } = each;
      const hidden = !isThere(each);
      node.hidden = hidden || !(alone ? alone.includes(name) : name === at || (open && !at));
      line.hidden = hidden || (open && !at && !alone);
      line.firstChild.toggleAttribute("aria-current", name === at);
      const shown = inFront && !node.hidden;
      if (shown === each.shown || !each.view) continue;
      each.shown = shown;
      each.view[shown ? "show" : "hide"]?.();
    }
    for (const { node, own } of groups) node.hidden = own.every(({ line }) => line.hidden);
  }

  function moved(event) {
    if (!location.hash.startsWith("#setup")) return;
    const from = new URL(event.oldURL).hash;
    const at = wanted();
    if (from === "#setup") scrolled = scrollY;
    draw();
    if (!from.startsWith("#setup")) return;
    if (!at) return scrollTo(0, scrolled);
    if (!WIDE.matches) scrollTo(0, 0);
    byId(`setup-${at}`).querySelector("h2").focus({ preventScroll: true });
    glance();
    return undefined;
  }

  function glance() {
    clearTimeout(timer);
    timer = setTimeout(glanceNow, GLANCE_MS);
  }

  async function glanceNow() {
    // What the lines say, one after the other: the box answers two requests of a phone at a time.
    for (const each of parts) {
      if (!inFront || alone) return;
      try {
        if (isThere(each) && !each.shown) await each.view.glance?.();
      } catch (error) {
        if (error instanceof Locked) return; // the page says so
      }
    }
  }

  const each = (what) => (...values) => parts.forEach(({ view }) => view[what]?.(...values));
  addEventListener("hashchange", moved);
  WIDE.addEventListener("change", draw);
  let revision = 0;
  box.connection.addEventListener("setup", ({ detail }) => {
    if (detail.revision === revision) return;
    revision = detail.revision;
    if (inFront) glance();
  });
  draw();
  return {
    rebuild: each("rebuild"),
    status: each("status"),
    forget: each("forget"),
    entry() {
      for (const { view } of parts) view.entry?.();
      draw();
      if (inFront) glance();
    },
    show() {
      inFront = true;
      draw();
      glance();
    },
    hide() {
      inFront = false;
      clearTimeout(timer);
      draw();
    },
  };
}

function part(name, module) {
  const body = el("div", { class: "section-body" });
  const side = el("span", { class: "line-side" });
  const words = t(module.title);
  const line = el("li", { id: `line-${name}` }, el("a", { class: "line", href: `#setup/${name}` },
    el("span", { class: "line-title" }, words), side, el("span", { class: "chevron", "aria-hidden": "true" })));
  const node = el("section", { class: "card setup-section", id: `setup-${name}`, hidden: true }, el("h2", { tabIndex: -1 }, words), body);
  return { name, module, needs: module.needs ?? "engineer", body, side, line, node, view: null, open: Boolean(module.open), hidden: false, shown: false };
}
