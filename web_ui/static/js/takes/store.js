// The takes of the box, as all parts of the view see them: fetched when they have changed, and the work that goes on.

import { get, post, put, Refusal } from "../api.js";

const JOBS_MS = 700;
const GOING = ["waiting", "running"];

export class TakesStore extends EventTarget {
  // Events: "changed" (the list), "jobs", "ready" (detail: a job that is done).
  takes = null; // null while unknown
  bin = [];
  view = null;
  jobs = [];
  #done = -1;
  #front = false;
  #timer = 0;
  #notices;

  constructor({ connection, notices }) {
    super();
    this.#notices = notices;
    const hear = ({ done, recording }) => {
      const mark = `${done} ${recording}`;
      if (mark === this.#done) return;
      this.#done = mark;
      if (this.#front) this.load();
    };
    connection.addEventListener("recorder", ({ detail }) => hear(detail));
    if (connection.told.recorder) this.#done = `${connection.told.recorder.done} ${connection.told.recorder.recording}`;
  }

  front(yes) {
    this.#front = yes;
    clearTimeout(this.#timer);
    if (!yes) return;
    this.load();
    this.#follow();
  }

  byId(id) {
    return this.takes?.find((take) => take.id === id) ?? null;
  }

  async load() {
    try {
      const view = await get("takes");
      Object.assign(this, { view, takes: view.takes, bin: view.bin });
      this.dispatchEvent(new Event("changed"));
    } catch (error) {
      this.#refused(error);
    }
  }

  async do(work, path, body = {}) {
    // work: "put" or "post"; null where it was done. Then the list is fetched anew.
    try {
      const answer = await { put, post }[work](path, body);
      await this.load();
      return answer ?? {};
    } catch (error) {
      this.#refused(error);
      return null;
    }
  }

  change = (take, body) => this.do("put", addressOf(take), body);

  // --- work that goes on ---

  async retry(take, preset) {
    if (await this.do("post", `${addressOf(take)}/versions`, { preset })) this.#follow();
  }

  async cancel(job) {
    await this.do("post", "take_jobs/cancel", { job: job.id });
    this.#follow();
  }

  async #follow() {
    clearTimeout(this.#timer);
    try {
      const before = new Map(this.jobs.map(({ id, state }) => [id, state]));
      this.jobs = (await get("take_jobs")).jobs;
      this.dispatchEvent(new Event("jobs"));
      const ended = this.jobs.filter(({ id, state }) => GOING.includes(before.get(id)) && !GOING.includes(state));
      if (ended.length) await this.load();
      for (const job of ended) if (job.state === "done") this.dispatchEvent(new CustomEvent("ready", { detail: job }));
    } catch (error) {
      this.#refused(error);
    }
    if (this.#front && this.jobs.some(({ state }) => GOING.includes(state))) this.#timer = setTimeout(() => this.#follow(), JOBS_MS);
  }

  going(take = null) {
    return this.jobs.filter((job) => GOING.includes(job.state) && (!take || job.take === take.id));
  }

  #refused(error) {
    if (error instanceof Refusal) this.#notices.say(error.message);
  }
}

export const addressOf = (take) => `takes/${encodeURIComponent(take.id)}`;
