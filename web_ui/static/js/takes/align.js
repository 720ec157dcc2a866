// Two takes of one song, lined up: pairs [seconds of the one, seconds of the other], both rising.

export function along(pairs, from, to) {
  // A function from the one's seconds to the other's; beyond the ends it goes on at the same pace. from, to: 0 and 1, or 1 and 0.
  return (seconds) => {
    if (!pairs.length) return seconds;
    if (seconds <= pairs[0][from]) return pairs[0][to] + seconds - pairs[0][from];
    let [low, high] = [0, pairs.length - 1];
    if (seconds >= pairs[high][from]) return pairs[high][to] + seconds - pairs[high][from];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (pairs[middle][from] <= seconds) low = middle;
      else high = middle;
    }
    const wide = pairs[high][from] - pairs[low][from];
    return pairs[low][to] + (wide ? (seconds - pairs[low][from]) / wide : 0) * (pairs[high][to] - pairs[low][to]);
  };
}
