// The box's parameters as this page knows them. The box's value is the truth. A finger's change shows at once, and the box's
// answer corrects it. Without a connection no value is known, and none is shown.

import { get, put, Refusal } from "../api.js";
import { either, t } from "../base/texts.js";

const HOLD_MS = 250; // an event that left the box before our change arrived must not make the control jump back

export class Params extends EventTarget {
  // Events: "views" (the list changed), "values" (the box has sent them), "refused" (detail: message).
  views = named(JSON.parse(document.getElementById("params")?.textContent ?? "[]")); // what they are, as the page was sent
  #state = new Map(); // id -> {value, wanted, sending, held, holdUntil}
  #watchers = new Map(); // id -> [show]
  #values = null;
  #beats = 0; // how often the box has ended a burst

  async load() {
    const params = named((await get("params")).params);
    const shape = (views) => JSON.stringify(views.map(({ value, origin, ...shape }) => shape));
    const changed = shape(params) !== shape(this.views);
    this.views = params; // their descriptions; the values come with the event stream, which knows whether it is alive
    if (changed) this.dispatchEvent(new Event("views"));
  }

  view(id) {
    return this.views.find((view) => view.id === id);
  }

  named(last) {
    // The first parameter whose name after the dot is `last`, with or without a unit: "amount" finds "denoise.amount_db".
    return this.views.find((view) => view.id.split(".").pop().split("_")[0] === last);
  }

  watch(id, show) {
    // show(value) with the value to draw, null while unknown.
    this.#watchers.set(id, [...(this.#watchers.get(id) ?? []), show]);
    show(this.value(id));
  }

  scope() {
    // The same for what is shown for a while: end() ends what it watches.
    const ends = [];
    return {
      view: (id) => this.view(id), value: (id) => this.value(id), set: (id, value) => this.set(id, value), hold: (id, held) => this.hold(id, held), scope: () => this.scope(),
      watch: (id, show) => {
        this.watch(id, show);
        ends.push(() => this.#watchers.set(id, (this.#watchers.get(id) ?? []).filter((other) => other !== show)));
      },
      end: () => ends.splice(0).forEach((end) => end()),
    };
  }

  unwatchAll() {
    this.#watchers.clear();
  }

  value(id) {
    if (!this.#values) return null;
    const state = this.#of(id);
    return state.wanted ?? this.#values[id] ?? null;
  }

  take(values) {
    // Values from the box. Unknown ids mean that the box is now of another version.
    this.#values = values;
    if (this.views.length && Object.keys(values).some((id) => !this.view(id))) this.load().catch(() => {});
    for (const id of Object.keys(values)) this.#show(id);
    this.dispatchEvent(new Event("values"));
  }

  beat() {
    // The box has sent everything that it knew a moment ago.
    this.#beats++;
  }

  forget() {
    // The connection is lost: no value is known any more.
    this.#values = null;
    this.#state.clear();
    for (const id of this.#watchers.keys()) this.#show(id);
  }

  hold(id, held) {
    // While a finger is on the control, it does not move by itself.
    const state = this.#of(id);
    state.held = held;
    if (!held) this.#settle(id, state);
  }

  set(id, value) {
    if (!this.#values) return;
    const state = this.#of(id);
    state.wanted = value;
    state.dirty = true;
    this.#show(id);
    if (!state.sending) this.#send(id, state);
  }

  async #send(id, state) {
    state.sending = true;
    while (state.dirty) {
      state.dirty = false;
      try {
        // Do not use the answer: somebody may have changed the value back before the stream sent either change; then it sends none.
        await put(`params/${encodeURIComponent(id)}`, { value: state.wanted });
      } catch (error) {
        state.dirty = false;
        state.held = false;
        state.wanted = null;
        if (error instanceof Refusal) this.dispatchEvent(new CustomEvent("refused", { detail: error.message }));
      }
    }
    state.sending = false;
    this.#settle(id, state);
  }

  #settle(id, state) {
    if (state.held || state.sending) return;
    clearTimeout(state.timer);
    const beats = this.#beats;
    state.timer = setTimeout(() => {
      if (state.held || state.sending) return;
      if (beats === this.#beats) return this.#settle(id, state); // the stream lags: the wanted value is the best guess
      state.wanted = null;
      this.#show(id);
    }, HOLD_MS);
  }

  #of(id) {
    if (!this.#state.has(id)) this.#state.set(id, { wanted: null, dirty: false, sending: false, held: false, timer: 0 });
    return this.#state.get(id);
  }

  #show(id) {
    const value = this.value(id);
    for (const show of this.#watchers.get(id) ?? []) show(value);
  }
}

function named(views) {
  // With the names that this language has for them; the box's own words are English.
  return views.map((view) => {
    const label = either(`box.param.${view.id}`, view.label);
    return { ...view, label, full: full(view.id, label), help: either(`box.param.${view.id}.help`, view.help) };
  });
}

function full(id, label) {
  // "Compress: Threshold", where the label alone does not say of which stage it is.
  const stage = either(`stages.name.${id.split(".")[0]}`, "");
  return !stage || id.startsWith("denoise.") || label.startsWith(stage) || id.endsWith(".on") ? label : t("stages.full", { stage, label });
}
