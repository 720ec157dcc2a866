// The outline of a take: fetched as narrow as it is drawn, kept, and drawn on a canvas.

import { getStream } from "../api.js";
import { fit } from "../base/canvas.js";

const MOST_KEPT = 400;
const AT_A_TIME = 2;
const kept = new Map(); // key -> {lane: Int8Array of pairs}; the last used is the last
const waiting = []; // [key, path, lanes, resolve, wanted()]
let going = 0;

export function outlineOf(take, points, { lane = "", wanted = () => true } = {}) {
  // Of each lane, or of this version, `points` pairs at most: {lane: Int8Array}. null where it cannot be had, or is not
  // wanted() any more when its turn comes.
  const lanes = lane ? [lane] : take.lanes;
  const key = `${take.id}\n${take.seconds}\n${lanes}\n${points}`;
  const found = kept.get(key);
  if (found) {
    kept.delete(key);
    kept.set(key, found);
    return Promise.resolve(found);
  }
  return new Promise((resolve) => {
    waiting.push([key, `takes/${encodeURIComponent(take.id)}/outline?points=${points}${lane && `&lane=${encodeURIComponent(lane)}`}`, lanes, resolve, wanted]);
    next();
  });
}

async function next() {
  if (going >= AT_A_TIME || !waiting.length) return;
  const [key, path, lanes, resolve, wanted] = waiting.shift();
  if (kept.has(key) || !wanted()) {
    resolve(kept.get(key) ?? null);
    return next();
  }
  going += 1;
  try {
    const bytes = await new Response(await getStream(path)).arrayBuffer();
    const each = bytes.byteLength / Math.max(1, lanes.length);
    const found = Object.fromEntries(lanes.map((lane, at) => [lane, new Int8Array(bytes, at * each, each)]));
    kept.set(key, found);
    while (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
    resolve(found);
  } catch {
    resolve(null); // the page says what is wrong with the box; a take without a picture still plays
  }
  going -= 1;
  return next();
}

export function drawOutline(canvas, pairs, colour) {
  const { context, width, height } = fit(canvas);
  context.clearRect(0, 0, width, height);
  const count = pairs ? pairs.length / 2 : 0;
  const middle = height / 2;
  context.fillStyle = colour;
  for (let x = 0; x < width && count; x++) {
    const [first, end] = [Math.floor((x / width) * count), Math.max(Math.ceil(((x + 1) / width) * count), 1)];
    let [low, high] = [0, 0];
    for (let at = first; at < end; at++) {
      low = Math.min(low, pairs[2 * at]);
      high = Math.max(high, pairs[2 * at + 1]);
    }
    const top = middle - (high / 127) * middle;
    context.fillRect(x, top, 1, Math.max(1, ((high - low) / 127) * middle));
  }
}
