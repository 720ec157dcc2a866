// The views and which of them is in front: #play, #look, #takes, #presets, #setup.
//
// A view is one module, views/<name>.js, which fills the element #view-<name> (templates/views/<name>.html) and exports
//
//   create(box) -> { rebuild(), show(), hide(), status(status), forget() }, all of them optional
//
//   create    once, when the view is first visited. box: {connection, params, notices, presets, wake, phone, entry}; nothing else is shared, and no
//             view knows another. A view requests anything else by itself (api.js, connection).
//   rebuild   after create, and when the list of parameters has changed: draw what depends on it and watch it again,
//             because every params.watch has ended
//   show      the view comes to the front; hide: it goes. Run whatever costs work (a canvas, a stream) only in between
//   status    up to 20 times a second while it is in front
//   entry     what this phone may do has changed (box.entry)
//   forget    the connection is lost: show no value; called for every view

import { byId } from "./base/dom.js";
import { t } from "./base/texts.js";
import * as play from "./views/play.js";

const MODULES = {
  play: () => play, // the first view of nearly every visit comes with the page
  look: () => import("./views/look.js"),
  takes: () => import("./views/takes.js"),
  presets: () => import("./views/presets.js"),
  setup: () => import("./views/setup.js"),
};
const NEEDS = { look: "engineer", takes: "engineer" }; // the role that a view needs; the others show everybody what is theirs
const FIRST = "play";
const AHEAD_MS = 3000; // after the first view is live: the others are fetched while nothing else happens
const AGAIN_MS = 1500;
const TRIES = 3; // while the box answers; while it does not, nothing counts
const LOADED_ANEW = "hushbox.loaded_anew";
const ANEW_MS = 60000;

export class Views {
  #box;
  #made = new Map(); // name -> view
  #scroll = new Map(); // name -> how far it was scrolled
  #front = "";
  #at = ""; // its address
  #failures = 0;
  #again = 0;

  constructor(box) {
    this.#box = box;
  }

  start() {
    addEventListener("hashchange", () => this.#go());
    this.#box.connection.addEventListener("state", ({ detail: { state } }) => state === "live" && this.#back());
    this.#go();
  }

  tell(what, ...values) {
    // "status" goes to the view in front, everything else to every view.
    const told = what === "status" ? [this.#made.get(this.#front)] : this.#made.values();
    for (const view of told) view?.[what]?.(...values);
  }

  arrange() {
    // What this phone may has changed.
    if (this.#front) this.#go();
    this.tell("entry");
  }

  async #go() {
    const wanted = location.hash.slice(1).split("/")[0];
    const name = this.#mine(wanted in MODULES ? wanted : FIRST);
    this.#at = location.hash;
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
    await this.#bring(name);
  }

  #mine(name) {
    // The view itself, or where a phone stays that may not see it.
    const { entry } = this.#box;
    if (entry.may(NEEDS[name])) return name;
    if (!entry.role) document.dispatchEvent(new Event("locked")); // to those with a role it is not offered
    const stays = this.#front && entry.may(NEEDS[this.#front]);
    history.replaceState(null, "", stays ? this.#at : `#${FIRST}`);
    return stays ? this.#front : FIRST;
  }

  async #bring(name) {
    // Makes the view if it is new, and shows it if it is still the one in front.
    if (!this.#made.has(name)) {
      const module = await this.#fetched(name);
      if (!module) return;
      if (!this.#made.has(name)) {
        const view = module.create(this.#box);
        this.#made.set(name, view);
        view.rebuild?.();
      }
    }
    if (this.#front === name) this.#made.get(name).show?.();
  }

  async #fetched(name) {
    try {
      const module = await MODULES[name]();
      this.#failures = 0;
      return module;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a module that could not be fetched: the box is away
      this.#later(name, error);
      return null;
    }
  }

  #later(name, error) {
    // A box that restarts is back in some seconds: #back() tries again then.
    if (this.#box.connection.state !== "live") return;
    clearTimeout(this.#again);
    if (++this.#failures < TRIES) this.#again = setTimeout(() => this.#back(), AGAIN_MS);
    else if (mayLoadAnew()) location.reload(); // some browsers remember that a module could not be fetched
    else this.#box.notices.say(t("shell.view_failed", { why: error.message }));
  }

  #back() {
    // The box answers. What is in front and could not be fetched is fetched now; the rest when the phone has time for it.
    if (this.#front && !this.#made.has(this.#front)) this.#bring(this.#front);
    setTimeout(() => (window.requestIdleCallback ?? setTimeout)(() => this.#ahead()), AHEAD_MS);
  }

  async #ahead() {
    try {
      for (const fetch of Object.values(MODULES)) await fetch();
    } catch {
      // The box is away: #back() tries again.
    }
  }
}

function mayLoadAnew() {
  // Once a minute: a page that never loads must not do it for ever.
  try {
    const last = Number(sessionStorage.getItem(LOADED_ANEW));
    if (Date.now() - last < ANEW_MS) return false;
    sessionStorage.setItem(LOADED_ANEW, String(Date.now()));
    return true;
  } catch {
    return false; // storage is forbidden here
  }
}
