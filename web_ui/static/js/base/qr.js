// A QR code, from the rows that the box sends.

import { svg } from "./dom.js";

const MARGIN = 4; // light modules around it, as its standard asks

export function qrCode(rows, label) {
  // rows: "0110…" each, 1 is dark.
  const size = rows.length + 2 * MARGIN;
  const dark = rows.flatMap((row, y) => [...row].map((dot, x) => (dot === "1" ? `M${x + MARGIN} ${y + MARGIN}h1v1h-1z` : ""))).join("");
  return svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label },
    svg("rect", { class: "qr-light", width: size, height: size }), svg("path", { class: "qr-dark", d: dark }));
}
