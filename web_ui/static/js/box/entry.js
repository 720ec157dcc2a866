// Who this phone is to the box: an owner, an engineer, a player, or nobody; and what the page offers for that.
//
// The page comes with it (templates: #entry). Later the event stream says that something has changed, and a refusal shows it.
// What has data-needs="engineer" is shown to those who may, and to a phone that is not paired: a touch offers it to pair.

import { get } from "../api.js";
import { byId } from "../base/dom.js";

const ROLES = ["player", "engineer", "owner"]; // from the one that may least to the one that may all
const TOLD = ["role", "phone_id", "claimed", "open_play"];

export class Entry extends EventTarget {
  // Events: "changed" (detail: {before}, what the box said until now).
  refusal = ""; // why the code in the address did not pair this phone
  #now = JSON.parse(byId("entry").textContent);

  constructor() {
    super();
    this.#show();
  }

  get role() {
    return this.#now.role; // "": nobody
  }

  get phoneId() {
    return this.#now.phone_id;
  }

  get claimed() {
    return this.#now.claimed; // the box has an owner
  }

  get closed() {
    // This phone may not even play: it gets the door.
    return this.claimed && !this.role && !this.#now.open_play;
  }

  get roles() {
    if (this.role) return ROLES.slice(0, ROLES.indexOf(this.role) + 1);
    return this.closed ? [] : ["player"];
  }

  offers(role) {
    return this.may(role) || !this.role;
  }

  may(role) {
    // "": everybody may.
    return !role || this.roles.includes(role);
  }

  async look() {
    // Asks the box again. Whether anything has changed.
    const before = this.#now;
    this.#now = await get("pairing");
    if (this.knows(before)) return false;
    this.#show();
    this.dispatchEvent(new CustomEvent("changed", { detail: { before } }));
    return true;
  }

  knows(told) {
    // Whether this is what the page goes by already.
    return TOLD.every((name) => told[name] === this.#now[name]);
  }

  #show() {
    document.body.dataset.offers = ROLES.filter((role) => this.offers(role)).join(" ");
  }
}
