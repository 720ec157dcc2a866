// The large button: what leaves the box now, in words and colour, as the box says it. It bypasses; while the box is muted, it
// unmutes. And the mute key.

import { byId, setText } from "../base/dom.js";
import { t } from "../base/texts.js";

const UNKNOWN = "\u2013";
const SURE_MS = 500; // a tap that was meant for what stood there a moment before does not unmute

export class State {
  #output = "";
  #since = 0;
  #params;
  alone = null; // {stage, end()}: one stage is heard alone, and a tap ends that

  constructor(params) {
    this.#params = params;
    byId("bypass").addEventListener("click", () => this.press());
    byId("mute").addEventListener("click", () => this.mute());
  }

  rebuild() {
    this.bypass = this.#params.named("bypass");
    this.muting = this.#params.named("mute");
    byId("mute").hidden = !this.muting;
    if (this.bypass) {
      this.#params.watch(this.bypass.id, (now) => {
        document.body.dataset.bypass = now === null ? "unknown" : now >= 0.5 ? "on" : "off";
        byId("bypass").disabled = now === null;
        byId("bypass").setAttribute("aria-pressed", now === null ? "mixed" : String(now >= 0.5));
      });
    }
    if (this.muting) {
      this.#params.watch(this.muting.id, (now) => {
        const key = byId("mute");
        key.disabled = now === null;
        key.setAttribute("aria-pressed", now === null ? "mixed" : String(now >= 0.5));
        setText(key, t(now >= 0.5 ? "play.muted" : "play.mute"));
      });
    }
  }

  press() {
    if (this.alone && this.#output === "removed") return this.alone.end();
    if (this.#output !== "muted") return this.#flip(this.bypass);
    if (performance.now() - this.#since > SURE_MS) this.#flip(this.muting);
  }

  mute() {
    this.#flip(this.muting);
  }

  toggleBypass() {
    this.#flip(this.bypass);
  }

  show(status, hint) {
    // hint: more words of the A/B comparison, "" for the usual ones.
    if (status.output !== this.#output) {
      this.#output = status.output;
      this.#since = performance.now();
      document.body.dataset.output = status.output.replace(" ", "-");
    }
    const silent = status.output === "processing" ? status.silent_stems : [];
    byId("bypass").dataset.stems = silent.length ? "silent" : "";
    const words = silent.length ? stemWords(silent, Object.keys(status.stems_db)) : t(`play.output.${status.output}`);
    setText(byId("bypass-state"), this.#hears(status) ? t("stages.hearing", { stage: this.alone.stage }) : words);
    byId("bypass-state").classList.toggle("long", words.length > 13);
    setText(byId("bypass-hint"), this.#hears(status) ? t("stages.hearing.hint") : hint || hintWords(status));
  }

  #hears(status) {
    return this.alone && status.output === "removed";
  }

  forget() {
    this.#output = "";
    document.body.dataset.output = "unknown";
    byId("bypass").dataset.stems = "";
    setText(byId("bypass-state"), UNKNOWN);
    setText(byId("bypass-hint"), t("shell.unknown"));
  }

  #flip(view) {
    const now = view ? this.#params.value(view.id) : null;
    if (now !== null) this.#params.set(view.id, now >= 0.5 ? 0 : 1);
  }
}

function stemWords(silent, all) {
  const name = (stem) => t(`play.stem.${stem}`);
  const heard = all.filter((stem) => !silent.includes(stem));
  if (!heard.length) return t("play.stems.none");
  if (heard.length === 1 && silent.length > 1) return t("play.stems.only", { stem: name(heard[0]) });
  return silent.length === 1 ? t("play.stems.one", { stem: name(silent[0]) }) : t("play.stems.two", { one: name(silent[0]), two: name(silent[1]) });
}

function hintWords(status) {
  if (status.output === "nothing") return t(status.audio_alive ? `shell.link.${status.state}` : "shell.link.audio_down");
  return t(`play.output.${status.output}.hint`);
}
