// Plays one of several sounds that belong together (dry, processed, versions; two takes of a song), and changes from one to
// another while it plays: the old one goes on until the new one is there, then both fade over at the same moment. So there
// is never a gap, at worst a change that comes a little late.
//
// Only the sound that is heard plays; the others are fetched ahead. Time counts on one common line, which own() and common()
// of a sound lead to its own seconds and back.

import { PIECE_S, RATE_HZ } from "./sounds.js";

const HEARD_AHEAD_S = 6;
const OTHERS_AHEAD_S = 2;
const PLANNED_S = 4; // handed to the browser ahead of time: a page that is busy for so long goes on sounding
const TICK_MS = 80;
const START_S = 0.03;
const CHANGE_S = 0.08; // the old sound goes on until then
const FADE_S = 0.015;
const EDGE_S = 0.004; // where a loop jumps

export class Deck extends EventTarget {
  // Events: "changed": what plays, or whether it does. The position is asked for.
  sources = []; // {take, lane, gain, own(t), common(t)}
  heard = 0;
  state = "stopped"; // "waiting" (for sound), "playing"
  #from = 0;
  #to = 0;
  #loop = null;
  #at = 0; // while nothing plays
  #sounds;
  #context = null;
  #voice = null; // what sounds: {source, bus, spans: [{at, from, to, edge}], nodes, planned}
  #wanted = 0;
  #timer = 0;

  constructor(sounds, notices) {
    super();
    this.#sounds = sounds;
    sounds.addEventListener("arrived", () => this.state !== "stopped" && this.#tick());
    sounds.addEventListener("failed", ({ detail }) => {
      notices.say(detail);
      if (this.state === "waiting") this.pause();
    });
  }

  load(sources, { from = 0, to, heard = 0 }) {
    // from, to: of the common line. What played ends.
    this.pause();
    Object.assign(this, { sources, heard });
    [this.#wanted, this.#from, this.#to, this.#loop, this.#at] = [heard, from, to, null, from];
    this.#changed();
  }

  update(sources, { from, to }) {
    // The same sounds with other gains, more of them, or another span: what plays goes on.
    const cut = from !== this.#from || to !== this.#to;
    this.sources = sources;
    [this.#from, this.#to] = [from, to];
    if (this.heard >= sources.length) this.heard = this.#wanted = 0;
    const voice = this.#voice;
    if (voice) {
      voice.source = sources[this.heard];
      voice.bus.gain.setTargetAtTime(voice.source.gain, this.#context.currentTime + FADE_S, FADE_S);
    }
    if (cut) this.seek(this.position);
    else this.#changed();
  }

  get position() {
    const voice = this.#voice;
    return voice ? voice.source.common(ownAt(voice, this.#context.currentTime)) : this.#at;
  }

  get loop() {
    return this.#loop;
  }

  play() {
    // Within a tap: browsers let sound begin only there.
    if (this.state !== "stopped" || !this.sources.length) return;
    if (navigator.audioSession) navigator.audioSession.type = "playback"; // an iPhone's mute switch is for calls, not for takes
    this.#context ??= new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
    this.#context.resume();
    if (this.#at >= this.#end() - 0.05) this.#at = this.#loop?.from ?? this.#from;
    this.#say("waiting");
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  pause() {
    if (this.state === "stopped") return;
    this.#at = this.position;
    this.#silence();
    clearInterval(this.#timer);
    this.#sounds.want([]);
    this.#say("stopped");
  }

  seek(to) {
    this.#at = Math.min(Math.max(to, this.#from), this.#to);
    if (this.#loop && (this.#at < this.#loop.from || this.#at >= this.#loop.to)) this.#loop = null; // somebody wants to be elsewhere
    if (this.state === "stopped") return this.#changed();
    this.#silence();
    this.#say("waiting");
    this.#tick();
  }

  hear(index) {
    this.#wanted = index;
    if (this.#voice) return this.#tick();
    this.heard = index;
    this.#changed();
  }

  repeat(span) {
    // {from, to} again and again; null: to the end.
    this.#loop = span;
    if (!span) this.#anew(this.position);
    else this.#anew(this.position < span.from || this.position >= span.to ? span.from : this.position);
  }

  // --- planning ---

  #anew(at) {
    this.#at = at;
    if (this.state === "stopped") return this.#changed();
    this.#silence();
    this.#say("waiting");
    this.#tick();
  }

  #end = () => this.#loop?.to ?? this.#to;

  #tick() {
    if (this.state === "stopped") return;
    const now = this.#context.currentTime;
    const at = this.position;
    this.#fetchAhead(at);
    if (!this.#voice) {
      if (!this.#ready(this.#wanted, at)) return;
      this.#voice = this.#begin(this.#wanted, at, now + START_S);
      this.heard = this.#wanted;
      this.#say("playing");
    } else if (this.#wanted !== this.heard) this.#change(now + CHANGE_S);
    this.#plan(this.#voice, now);
  }

  #change(when) {
    const at = this.#voice.source.common(ownAt(this.#voice, when));
    if (at >= this.#end() || !this.#ready(this.#wanted, at)) return;
    const voice = this.#begin(this.#wanted, at, when);
    this.#plan(voice, when);
    if (this.#context.currentTime >= when) return voice.bus.disconnect(); // this phone was held up meanwhile: the next time
    this.#silence(when);
    this.#voice = voice;
    this.heard = this.#wanted;
    this.#changed();
  }

  #fetchAhead(at) {
    const wanted = [];
    const add = (source, seconds) => {
      const end = source.own(this.#end());
      const own = source.own(at);
      for (let s = own; s < Math.min(own + seconds, end); s = (Math.floor(s / PIECE_S) + 1) * PIECE_S) wanted.push([source.take, source.lane, Math.floor(s / PIECE_S)]);
      if (this.#loop && own + seconds > end) wanted.push([source.take, source.lane, Math.floor(source.own(this.#loop.from) / PIECE_S)]);
    };
    const others = this.sources.filter((_, index) => index !== this.heard && index !== this.#wanted);
    if (this.#wanted !== this.heard) add(this.sources[this.#wanted], OTHERS_AHEAD_S);
    add(this.sources[this.heard], OTHERS_AHEAD_S);
    for (const source of others) add(source, OTHERS_AHEAD_S);
    add(this.sources[this.heard], HEARD_AHEAD_S);
    this.#sounds.want(wanted);
  }

  #ready(index, at) {
    // What is played now, and where that ends soon the next piece too.
    const { take, lane, own } = this.sources[index];
    const first = Math.floor(own(at) / PIECE_S);
    const last = Math.floor(Math.min(own(at) + 0.3, Math.max(own(this.#end()) - 0.01, own(at))) / PIECE_S);
    return this.#sounds.piece(take, lane, first) && this.#sounds.piece(take, lane, last);
  }

  #begin(index, at, when) {
    const source = this.sources[index];
    const bus = new GainNode(this.#context, { gain: 0 });
    bus.connect(this.#context.destination);
    bus.gain.setValueAtTime(0, when);
    bus.gain.linearRampToValueAtTime(source.gain, when + FADE_S);
    const voice = { source, bus, spans: [], nodes: new Set(), planned: new Set() };
    this.#span(voice, when, source.own(at));
    return voice;
  }

  #span(voice, at, from) {
    const to = voice.source.own(this.#end());
    const edge = new GainNode(this.#context);
    edge.connect(voice.bus);
    if (this.#loop) {
      const end = at + to - from;
      edge.gain.setValueAtTime(voice.spans.length ? 0 : 1, at);
      edge.gain.linearRampToValueAtTime(1, at + EDGE_S);
      edge.gain.setValueAtTime(1, Math.max(end - EDGE_S, at + EDGE_S));
      edge.gain.linearRampToValueAtTime(0, Math.max(end, at + 2 * EDGE_S));
    }
    voice.spans.push({ at, from, to, edge });
  }

  #plan(voice, now) {
    if (!voice) return;
    const last = () => voice.spans.at(-1);
    const over = () => last().at + last().to - last().from;
    while (this.#loop && over() < now + PLANNED_S) this.#span(voice, over(), voice.source.own(this.#loop.from));
    while (voice.spans.length > 1 && voice.spans[1].at < now) voice.spans.shift();
    if (!this.#loop && now >= over()) return voice === this.#voice && this.#over();
    for (const span of voice.spans) if (!this.#planSpan(voice, span, now)) return voice === this.#voice && this.#starve();
  }

  #planSpan(voice, { at, from, to, edge }, now) {
    // False: what has to sound now is not there.
    const { take, lane } = voice.source;
    const begin = Math.max(from, from + now - at); // what is past is past
    for (let number = Math.floor(begin / PIECE_S); number * PIECE_S < to; number++) {
      const starts = Math.max(from, number * PIECE_S);
      const when = at + starts - from;
      if (when > now + PLANNED_S) break;
      const key = `${at} ${number}`;
      if (voice.planned.has(key)) continue;
      const sound = this.#sounds.piece(take, lane, number);
      if (!sound) return when > now + 2 * START_S;
      voice.planned.add(key);
      const late = Math.max(0, now - when);
      const offset = starts - number * PIECE_S + late;
      const long = Math.min(to, (number + 1) * PIECE_S) - starts - late;
      if (long <= 0 || offset >= sound.duration) continue;
      const node = new AudioBufferSourceNode(this.#context, { buffer: sound });
      node.connect(edge);
      node.addEventListener("ended", () => voice.nodes.delete(node));
      node.start(when + late, offset, long);
      voice.nodes.add(node);
    }
    return true;
  }

  #starve() {
    this.#at = this.position;
    this.#silence();
    this.#say("waiting");
  }

  #over() {
    this.pause();
    this.#at = this.#from;
    this.#changed();
  }

  #silence(when = this.#context.currentTime) {
    // The voice fades out from `when` on.
    const voice = this.#voice;
    if (!voice) return;
    this.#voice = null;
    voice.bus.gain.cancelScheduledValues(when);
    voice.bus.gain.setValueAtTime(voice.source.gain, when);
    voice.bus.gain.linearRampToValueAtTime(0, when + FADE_S);
    for (const node of voice.nodes) node.stop(when + FADE_S);
    setTimeout(() => voice.bus.disconnect(), (when - this.#context.currentTime + FADE_S) * 1000 + 200);
  }

  #say(state) {
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }
}

function ownAt(voice, time) {
  // Where a voice is at this time of the sound card, in its own seconds.
  const span = voice.spans.findLast(({ at }) => at <= time) ?? voice.spans[0];
  return Math.min(span.from + Math.max(0, time - span.at), span.to);
}
