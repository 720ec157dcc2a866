// The sounds of takes in pieces of a second, fetched a little ahead of where they are played. A piece is 16 bit PCM in a WAV of
// its own (takes/<id>/<lane>/part), whatever the take lies in. So nothing depends on what a browser can decode or seek in,
// every piece begins at a known frame, and a take of hours needs no more memory than one of a minute.

import { getStream, Locked, Refusal } from "../api.js";

export const RATE_HZ = 48000;
export const PIECE_S = 1;
const HEAD_BYTES = 44;
const MOST_KEPT = 120; // pieces, 384 kB each for two channels
const AT_A_TIME = 2; // the box answers as many requests of a phone at a time
const AGAIN_MS = 600; // after a refusal of a busy box

export class Sounds extends EventTarget {
  // Events: "arrived"; "failed" (detail: why, in words).
  #kept = new Map(); // key -> AudioBuffer; the last used is the last
  #going = new Map(); // key -> AbortController
  #wanted = []; // [{key, path}], the most urgent first
  #rest = 0; // until then nothing is asked for

  piece(take, lane, number) {
    const key = keyOf(take, lane, number);
    const found = this.#kept.get(key);
    if (!found) return null;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found;
  }

  want(pieces) {
    // [take, lane, number] each, the most urgent first. Replaces what was wanted before.
    this.#wanted = pieces.map(([take, lane, number]) => ({ key: keyOf(take, lane, number), path: pathOf(take, lane, number) })).filter(({ key }) => !this.#kept.has(key));
    const keys = new Set(this.#wanted.slice(0, 2 * AT_A_TIME).map(({ key }) => key));
    for (const [key, stop] of this.#going) if (!keys.has(key)) stop.abort(); // something else is more urgent now
    this.#next();
  }

  async #next() {
    for (const { key, path } of this.#wanted) {
      if (this.#going.size >= AT_A_TIME || performance.now() < this.#rest) return;
      if (!this.#going.has(key) && !this.#kept.has(key)) this.#fetch(key, path);
    }
  }

  async #fetch(key, path) {
    const stop = new AbortController();
    this.#going.set(key, stop);
    try {
      const sound = decoded(await new Response(await getStream(path, stop.signal)).arrayBuffer());
      this.#kept.set(key, sound);
      while (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    } catch (error) {
      this.#rest = stop.signal.aborted ? 0 : performance.now() + AGAIN_MS;
      if (error instanceof Locked || (error instanceof Refusal && error.status !== 503)) this.#fail(error instanceof Locked ? "" : error.message);
    }
    this.#going.delete(key);
    this.dispatchEvent(new Event("arrived"));
    this.#next();
  }

  #fail(why) {
    this.#wanted = [];
    this.dispatchEvent(new CustomEvent("failed", { detail: why }));
  }
}

const keyOf = (take, lane, number) => `${take}\n${lane}\n${number}`;
const pathOf = (take, lane, number) => `takes/${encodeURIComponent(take)}/${encodeURIComponent(lane)}/part?from=${number * PIECE_S * RATE_HZ}&frames=${PIECE_S * RATE_HZ}`;

export function decoded(bytes) {
  // The box's WAV of a piece as an AudioBuffer; behind the end of a sound it is short or silent.
  const channels = new DataView(bytes).getUint16(22, true);
  const samples = new Int16Array(bytes, HEAD_BYTES);
  const length = Math.max(1, Math.floor(samples.length / channels));
  const sound = new AudioBuffer({ length, numberOfChannels: channels, sampleRate: RATE_HZ });
  for (let channel = 0; channel < channels; channel++) {
    const to = sound.getChannelData(channel);
    for (let at = 0, from = channel; from < samples.length; at++, from += channels) to[at] = samples[from] / 32768;
  }
  return sound;
}
