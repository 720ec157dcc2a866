// The spectrogram of the last 20 seconds: a ring of columns, one picture each, drawn so that it glides.

import { FONT, fit } from "../base/canvas.js";
import { across, BANDS, GUTTER, HERTZ, up } from "./spectrum.js";

const COLUMNS = 400; // 20 seconds

// From black over green to white, in even steps of lightness, so that a quiet line is as visible as a loud one. Made when it
// is first used.
let heat = null;
const colourOf = (byte) => (heat ??= Array.from({ length: 256 }, (_, byte) => {
  const level = 1 - up(byte);
  const stops = [[0, 8, 10, 12], [0.25, 16, 46, 52], [0.5, 28, 120, 96], [0.72, 127, 210, 140], [0.88, 242, 200, 110], [1, 255, 250, 240]];
  const at = Math.max(stops.findIndex(([place]) => place >= level), 1);
  const [[from, ...a], [to, ...b]] = [stops[at - 1], stops[at]];
  const share = (level - from) / (to - from);
  return a.map((value, i) => Math.round(value + share * (b[i] - value)));
}))[byte];

export class Fall {
  #canvas;
  #memory = document.createElement("canvas");
  #column = 0;
  which = "after"; // what is shown

  constructor(canvas) {
    this.#canvas = canvas;
    [this.#memory.width, this.#memory.height] = [COLUMNS, BANDS];
    this.forget();
  }

  take(picture) {
    const heard = this.which === "after" ? BANDS : 0;
    const context = this.#memory.getContext("2d");
    const column = context.createImageData(1, BANDS);
    for (let band = 0; band < BANDS; band++) column.data.set([...colourOf(picture[heard + band]), 255], 4 * (BANDS - 1 - band));
    context.putImageData(column, this.#column, 0);
    this.#column = (this.#column + 1) % COLUMNS;
  }

  forget() {
    const context = this.#memory.getContext("2d");
    context.fillStyle = `rgb(${colourOf(255).join(" ")})`;
    context.fillRect(0, 0, COLUMNS, BANDS);
  }

  draw(colour, share) {
    // share: how far the newest column has come in, 0…1.
    const { context, width, height } = fit(this.#canvas);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = true;
    context.save();
    context.beginPath();
    context.rect(GUTTER, 0, width - GUTTER, height);
    context.clip();
    const older = COLUMNS - this.#column;
    const wide = (width - GUTTER) / COLUMNS;
    const left = GUTTER + (1 - share) * wide;
    context.fillStyle = `rgb(${colourOf(255).join(" ")})`;
    context.fillRect(GUTTER, 0, wide, height);
    context.drawImage(this.#memory, this.#column, 0, older, BANDS, left, 0, older * wide, height);
    if (this.#column) context.drawImage(this.#memory, 0, 0, this.#column, BANDS, left + older * wide, 0, this.#column * wide, height);
    context.restore();
    context.fillStyle = colour.soft;
    context.font = FONT;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const [hz, words] of HERTZ) context.fillText(words, GUTTER - 6, (1 - across(hz)) * height);
    context.textAlign = "left";
  }
}
