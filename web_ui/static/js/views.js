// The views and which of them is in front: #play, #look, #presets, #setup.
//
// A view is one module, views/<name>.js, which fills the element #view-<name> (templates/views/<name>.html) and exports
//
//   create(box) -> { rebuild(), show(), hide(), status(status), forget() }, all of them optional
//
//   create    once, when the view is first visited. box: {connection, params, notices, presets, wake, hear}; nothing else is shared, and no
//             view knows another. A view requests anything else by itself (api.js, connection).
//   rebuild   after create, and when the list of parameters has changed: draw what depends on it and watch it again,
//             because every params.watch has ended
//   show      the view comes to the front; hide: it goes. Run whatever costs work (a canvas, a stream) only in between
//   status    up to 20 times a second while it is in front
//   forget    the connection is lost: show no value; called for every view

import { byId } from "./base/dom.js";
import { t } from "./base/texts.js";
import * as play from "./views/play.js";

const MODULES = {
  play: () => play, // the first view of nearly every visit comes with the page
  look: () => import("./views/look.js"),
  presets: () => import("./views/presets.js"),
  setup: () => import("./views/setup.js"),
};
const FIRST = "play";

export class Views {
  #box;
  #made = new Map(); // name -> view
  #scroll = new Map(); // name -> how far it was scrolled
  #front = "";

  constructor(box) {
    this.#box = box;
  }

  start() {
    addEventListener("hashchange", () => this.#go());
    this.#go();
  }

  tell(what, ...values) {
    // "status" goes to the view in front, everything else to every view.
    const told = what === "status" ? [this.#made.get(this.#front)] : this.#made.values();
    for (const view of told) view?.[what]?.(...values);
  }

  async #go() {
    const wanted = location.hash.slice(1).split("/")[0];
    const name = wanted in MODULES ? wanted : FIRST;
    if (name === this.#front) return;
    if (this.#front) {
      this.#scroll.set(this.#front, scrollY);
      this.#made.get(this.#front)?.hide?.();
    }
    this.#front = name;
    for (const other of Object.keys(MODULES)) {
      byId(`view-${other}`).hidden = other !== name;
      byId(`tab-${other}`).toggleAttribute("aria-current", other === name);
      if (other === name) byId(`tab-${other}`).setAttribute("aria-current", "page");
    }
    document.body.dataset.view = name;
    scrollTo(0, this.#scroll.get(name) ?? 0);
    await this.#make(name);
    if (this.#front === name) this.#made.get(name)?.show?.();
  }

  async #make(name) {
    if (this.#made.has(name)) return;
    try {
      const { create } = await MODULES[name]();
      if (this.#made.has(name)) return;
      const view = create(this.#box);
      this.#made.set(name, view);
      view.rebuild?.();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a module that could not be fetched: the box is away
      this.#box.notices.say(t("shell.view_failed", { why: error.message }));
      this.#front = "";
    }
  }
}
