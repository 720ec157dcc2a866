// The presets as this page knows them, shared by the views: which one is loaded, and what differs from it now.

import { get } from "../api.js";

export class PresetsStore extends EventTarget {
  // Events: "changed": the list, the loaded one, the scenes, or what differs from what is saved.
  presets = [];
  news = null; // {revision, current, undo, scenes, scene}; null while unknown
  problem = "";
  #revision = 0;
  #loading = false;
  #params;

  constructor(connection, params) {
    super();
    this.#params = params;
    connection.addEventListener("presets", ({ detail }) => {
      this.news = detail;
      this.#load();
      this.#tell();
    });
    params.addEventListener("values", () => this.#tell());
    connection.addEventListener("state", ({ detail: { state } }) => {
      if (state === "live") return;
      this.news = null;
      this.#revision = 0;
      this.#tell();
    });
  }

  get current() {
    return this.presets.find(({ name }) => name === this.news?.current) ?? null;
  }

  differences() {
    // [{view, saved, now}] of the loaded preset; null while unknown.
    const preset = this.current;
    if (!preset) return null;
    const found = [];
    for (const [id, saved] of Object.entries(preset.params)) {
      const view = this.#params.view(id);
      const now = this.#params.value(id);
      if (!view || now === null) continue;
      if (Math.abs(now - saved) > (view.high - view.low) * 1e-4) found.push({ view, saved, now });
    }
    return found;
  }

  async #load() {
    if (this.#loading || this.#revision === this.news?.revision) return;
    this.#loading = true;
    try {
      const { revision, presets, problem } = await get("presets");
      this.presets = presets;
      this.problem = problem;
      this.#revision = revision;
    } catch {
      // The connection reports it; the next news loads again.
    }
    this.#loading = false;
    if (this.news && this.#revision && this.#revision < this.news.revision) return this.#load();
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}
