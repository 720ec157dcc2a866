// How loud each of several sounds has to be played so that none is judged by its loudness: the quietest stays as it is, the
// others are turned down to it. From what the box measured (LUFS), or from their outlines, which is about as good between
// sounds of one take.

const GATE = 0.003; // -50 dBFS: pauses do not count
const UNDER = 0.1; // of the mean power, as in BS.1770
const LEAST_DB = -24; // a nearly empty sound does not turn the others off

export function evened(lufs, outlines) {
  // lufs: of each sound, or null; outlines: of each, or null. {gains, exact}: exact: as the box measured it.
  const exact = lufs.length > 0 && lufs.every((each) => each !== null);
  const levels = exact ? lufs : outlines.map((outline) => (outline ? level(outline) : null));
  const known = levels.filter((each) => each !== null);
  const quietest = Math.min(...known);
  const down = (each) => (each === null || known.length < 2 ? 0 : Math.max(quietest - each, LEAST_DB));
  return { gains: levels.map((each) => 10 ** (down(each) / 20)), down_db: levels.map(down), exact, known: known.length === levels.length };
}

export function level(outline) {
  // In dB: of the pairs (int8 low, high) of one sound; null for silence.
  const powers = [];
  for (let at = 0; at + 1 < outline.length; at += 2) {
    const reach = (outline[at + 1] - outline[at]) / 254;
    if (reach > GATE) powers.push(reach * reach);
  }
  const mean = (all) => all.reduce((sum, each) => sum + each, 0) / all.length;
  if (!powers.length) return null;
  const least = UNDER * mean(powers);
  return 10 * Math.log10(mean(powers.filter((power) => power > least)));
}
