// The door: the one page of a paired box for whoever is not paired with it. It becomes Play by itself once the phone is let in.

import { Entry } from "./box/entry.js";
import { byId } from "./base/dom.js";
import { claimFromAddress } from "./pairing/code.js";
import { waysIn } from "./pairing/ways_in.js";

const LOOK_MS = 3000; // an owner may have let everybody play, or another tab of this browser was let in

const entry = new Entry();
const enter = () => location.reload(); // the box sends the page of those who may come in

if (location.hash === "#setup/wizard") history.replaceState(null, "", location.pathname + location.search); // another phone took the first steps
const said = await claimFromAddress(entry);
if (!entry.closed) enter();
byId("ways-in").replaceChildren(waysIn(entry, { said, done: enter }).node);
addEventListener("hashchange", () => location.hash.startsWith("#pair=") && location.reload()); // another code was scanned
document.addEventListener("visibilitychange", look);
setInterval(look, LOOK_MS);

async function look() {
  if (document.hidden) return;
  try {
    await entry.look();
  } catch {
    return; // the box is away
  }
  if (!entry.closed) enter();
}
