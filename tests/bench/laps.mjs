// Contenders lap by lap, in any host: nothing here knows Node.

const kTurn = 25;

/** Small repeatable random numbers, 0 to 1. */
function* randomNumbers(seed) {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}
const random = randomNumbers(1);
export const uniform = () => random.next().value;
export const below = (n) => Math.floor(uniform() * n);

/**
 * Runs the contenders `laps` times each after a round of warm-up, taking turns of 25 laps: so all see
 * the same machine, and none has the caches that another one filled. Median, p99 and best of each.
 */
export async function race(contenders, laps) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let done = -kTurn; done < laps; done += kTurn) {
    for (const [name, work] of Object.entries(contenders)) {
      for (let lap = 0; lap < kTurn; lap++) {
        const start = performance.now();
        const pending = work(lap);
        if (pending instanceof Promise) await pending;
        // The first lap of a turn finds the caches as the one before left them.
        if (done >= 0 && lap > 0) times[name].push(performance.now() - start);
      }
    }
  }
  const result = {};
  for (const [name, all] of Object.entries(times)) {
    all.sort((a, b) => a - b);
    const at = (share) => Number(all[Math.min(all.length - 1, Math.floor(share * all.length))].toFixed(4));
    result[name] = { medianMs: at(0.5), p99Ms: at(0.99), bestMs: at(0) };
  }
  return result;
}
