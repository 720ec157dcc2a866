// Look: see and hear what the box does to the sound, now and in the last minutes.

import { byId, el, setText } from "../base/dom.js";
import { History } from "../sound/history.js";
import { Live } from "../sound/live.js";
import { Spectrum } from "../sound/spectrum.js";
import { Takes } from "../sound/takes.js";
import { t } from "../base/texts.js";

export function create(box) {
  const takes = new Takes();
  const spectrum = new Spectrum(byId("spectrum"), byId("spectrogram"), (text) => setText(byId("spectrum-words"), text));
  const history = new History(byId("history"), (text) => setText(byId("history-words"), text));
  new Live(box);
  let front = false;

  for (const which of ["after", "before"]) {
    const input = el("input", { type: "radio", name: "fall", value: which, checked: which === spectrum.which });
    input.addEventListener("change", () => (spectrum.which = which));
    byId("fall-choice").append(el("label", {}, input, el("span", {}, t(`look.${which}`))));
  }

  // Nobody looks at a covered page, so the box saves the work.
  const look = () => {
    if (front && !document.hidden) {
      spectrum.start();
      history.start();
    } else {
      spectrum.stop();
      history.stop();
    }
  };
  document.addEventListener("visibilitychange", look);

  return {
    show() {
      front = true;
      look();
    },
    hide() {
      front = false;
      look();
      takes.pause();
    },
    forget() {
      spectrum.forget();
      history.forget();
    },
  };
}
