// The event stream, and whether it is alive. The box sends something at least twice a second, so silence means loss.

import { get, Refusal } from "./api.js";

const SILENCE_MS = 1800;
const RETRY_MS = [300, 600, 1000, 2000];
const HIDDEN_MS = 20000; // a phone in a pocket gives its place up

export class Connection extends EventTarget {
  // Events: "status", "params", "panel", "learn" (detail: the data), and "state" (detail: {state, why}).
  state = "connecting";
  #source = null;
  #heardAt = 0;
  #tries = 0;
  #retry = 0;
  #hidden = 0;

  start() {
    setInterval(() => this.#watch(), 200);
    addEventListener("offline", () => this.#lose("This phone is offline."));
    addEventListener("online", () => this.#open());
    document.addEventListener("visibilitychange", () => this.#visibility());
    addEventListener("pageshow", (event) => event.persisted && this.#open());
    this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#heardAt = performance.now();
    const source = new EventSource("/api/v1/events");
    this.#source = source;
    for (const name of ["params", "panel", "learn", "status"]) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        this.#heardAt = performance.now();
        this.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(event.data) }));
        // Live only once everything has been told: "status" is the last of a burst.
        if (name === "status") this.#live();
      });
    }
    source.onerror = () => source === this.#source && this.#failed();
  }

  async #failed() {
    this.#lose("");
    try {
      await get("status"); // the box answers, so the stream itself was refused: too many pages
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
        this.#say("lost", "The page was in the background.");
      }, HIDDEN_MS);
    } else if (!this.#source || performance.now() - this.#heardAt > SILENCE_MS) {
      this.#open();
    }
  }

  #say(state, why) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, why } }));
  }
}
