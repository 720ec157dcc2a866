// The event stream, and whether it is alive. The box sends something at least twice a second, so silence means that the connection is lost.

import { get, Refusal } from "../api.js";
import { t } from "../base/texts.js";

const EVENTS = ["pairing", "params", "panel", "learn", "undo", "presets", "compare", "recorder", "room", "setup", "stages", "stage_db", "status"]; // each has its own data; "status" ends a burst
const SILENCE_MS = 1800;
const RETRY_MS = [300, 600, 1000, 2000];
const HIDDEN_MS = 20000; // a phone in a pocket gives up its place

export class Connection extends EventTarget {
  // Events: each of EVENTS (detail: the data), and "state" (detail: {state, why}).
  state = "connecting";
  told = {}; // name -> the newest data of each event, for views made later; empty while the connection is lost
  #source = null;
  #heardAt = 0;
  #tries = 0;
  #retry = 0;
  #hidden = 0;

  start() {
    setInterval(() => this.#watch(), 200);
    addEventListener("offline", () => this.#lose(t("shell.lost.offline")));
    addEventListener("online", () => this.#open());
    document.addEventListener("visibilitychange", () => this.#visibility());
    addEventListener("pageshow", (event) => event.persisted && this.#open());
    this.#open();
  }

  renew() {
    // The phone has another session now: what it is told depends on it.
    if (this.#source) this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#heardAt = performance.now();
    const source = new EventSource("/api/v1/events");
    this.#source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        this.#heardAt = performance.now();
        const detail = JSON.parse(event.data);
        if (name === "status") detail.stages = this.#stages();
        this.told[name] = detail;
        this.dispatchEvent(new CustomEvent(name, { detail }));
        // Live only once everything has arrived: "status" is the last of a burst.
        if (name === "status") this.#live();
      });
    }
    source.onerror = () => source === this.#source && this.#failed();
  }

  #stages() {
    // The status of the box has them whole; its events tell apart what moves all the time and what does not.
    const { stages = [], stage_db: now = [] } = this.told;
    return stages.map((stage, at) => ({ ...stage, change_db: now[at] ?? 0 }));
  }

  async #failed() {
    this.#lose("");
    try {
      await get("status"); // when the box answers this, it refused only the stream: too many pages
      const answer = await fetch("/api/v1/events", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout?.(1000) });
      if (!answer.ok) this.#say("lost", (await answer.json()).error);
      else answer.body?.cancel();
    } catch (error) {
      if (error instanceof Refusal) this.#say("lost", error.message);
    }
  }

  #watch() {
    if (this.#source && performance.now() - this.#heardAt > SILENCE_MS) this.#lose("");
  }

  #lose(why) {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)]);
    this.#say("lost", why);
  }

  #live() {
    this.#tries = 0;
    if (this.state !== "live") this.#say("live", "");
  }

  #visibility() {
    clearTimeout(this.#hidden);
    if (document.hidden) {
      this.#hidden = setTimeout(() => {
        this.#source?.close();
        this.#source = null;
        clearTimeout(this.#retry);
        this.#say("lost", t("shell.lost.background"));
      }, HIDDEN_MS);
    } else if (!this.#source || performance.now() - this.#heardAt > SILENCE_MS) {
      this.#open();
    }
  }

  #say(state, why) {
    this.state = state;
    if (state === "lost") this.told = {};
    this.dispatchEvent(new CustomEvent("state", { detail: { state, why } }));
  }
}
