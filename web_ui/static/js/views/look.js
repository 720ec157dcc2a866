// Look: see and hear what the box does to the sound.

import { Takes } from "../takes.js";

export function create() {
  const takes = new Takes();
  return { hide: () => takes.pause() };
}
