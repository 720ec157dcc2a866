// The stages of the chain as this page knows them: what switches one, and which one is heard alone.

import { t } from "../base/texts.js";
import { stageName } from "./chain_row.js";

const SOLO = "chain.solo";
const DENOISE = "denoise"; // has a parameter of its own to be heard alone, and no switch
const LISTEN = "denoise.listen";
const AMOUNTS = { // what is off at 0, and with how much it begins
  denoise: { "denoise.amount_db": 18 },
  breath: { "breath.amount_db": 6 },
  dereverb: { "dereverb.amount": 0.5 },
  transient: { "transient.attack_db": 3, "transient.sustain_db": 0 },
};
const ELSEWHERE = ["denoise", "automix"]; // beside the chain's own places: all settings of the denoiser stay in More, too

export class Stages extends EventTarget {
  // Events: "changed": another one is heard alone.
  now = []; // as the box has told them
  alone = ""; // the stage that is heard alone; "" for none
  #before = new Map(); // id -> what it was before it was switched off here

  constructor({ params, entry, notices }) {
    super();
    this.params = params;
    this.entry = entry;
    this.notices = notices;
  }

  rebuild() {
    // Returns the views that are shown in the sheets.
    this.solo = this.params.view(SOLO);
    for (const id of [SOLO, LISTEN]) if (this.params.view(id)) this.params.watch(id, () => this.#look());
    if (!this.solo) return [];
    const names = new Set([...this.solo.choices, "limiter", "chain"].filter((name) => !ELSEWHERE.includes(name)));
    return this.params.views.filter(({ id }) => names.has(id.split(".")[0]));
  }

  may(name) {
    // Whether this phone may change it. Who is not paired is offered to pair.
    return name === DENOISE || this.entry.offers("engineer");
  }

  told(name) {
    return this.now.find((stage) => stage.name === name) ?? null;
  }

  views(name) {
    return this.params.views.filter(({ id }) => id.startsWith(`${name}.`));
  }

  canSwitch(name) {
    return Boolean(this.params.view(`${name}.on`)) || name in AMOUNTS;
  }

  canHear(name) {
    return name === DENOISE ? Boolean(this.params.view(LISTEN)) : Boolean(this.solo?.choices.includes(name));
  }

  isOn(name) {
    // null while unknown.
    const ids = this.params.view(`${name}.on`) ? [`${name}.on`] : Object.keys(AMOUNTS[name] ?? {});
    const values = ids.map((id) => this.params.value(id));
    return values.includes(null) ? null : !ids.length || values.some((value) => value !== 0);
  }

  toggle(name) {
    if (!this.#allowed(name)) return;
    const on = this.isOn(name);
    if (!this.canSwitch(name)) return void this.notices.say(t("stages.always", { stage: stageName(name) }), { grave: false });
    if (on === null) return;
    if (this.params.view(`${name}.on`)) this.params.set(`${name}.on`, on ? 0 : 1);
    else this.#turn(name, on);
    this.notices.say(t(on ? "stages.switched.off" : "stages.switched.on", { stage: stageName(name) }), { grave: false });
  }

  hear(name) {
    // Hear alone what it takes away; again: everything.
    if (this.alone === name) return this.hearAll();
    if (!this.entry.offers("engineer")) return void this.#allowed("");
    if (!this.canHear(name)) return void this.notices.say(t("stages.no_alone", { stage: stageName(name) }), { grave: false });
    if (this.isOn(name) === false) return void this.notices.say(t("stages.alone.off", { stage: stageName(name) }), { grave: false });
    const denoise = name === DENOISE;
    if (this.solo) this.params.set(SOLO, denoise ? 0 : this.solo.choices.indexOf(name));
    if (this.params.view(LISTEN)) this.params.set(LISTEN, denoise ? 1 : 0);
  }

  hearAll() {
    if (this.solo && this.params.value(SOLO)) this.params.set(SOLO, 0);
    if (this.params.view(LISTEN) && this.params.value(LISTEN)) this.params.set(LISTEN, 0);
  }

  #look() {
    const solo = this.solo ? this.params.value(SOLO) : 0;
    const listen = this.params.view(LISTEN) ? this.params.value(LISTEN) : 0;
    const alone = solo ? this.solo.choices[solo] : listen ? DENOISE : "";
    if (alone === this.alone) return;
    this.alone = alone;
    this.dispatchEvent(new Event("changed"));
  }

  #turn(name, on) {
    for (const [id, start] of Object.entries(AMOUNTS[name])) {
      if (on) this.#before.set(id, this.params.value(id));
      this.params.set(id, on ? 0 : this.#before.get(id) || this.params.view(id).default || start);
    }
  }

  #allowed(name) {
    if (this.may(name)) return true;
    this.notices.say(t("stages.look_only"), { grave: false });
    return false;
  }
}
