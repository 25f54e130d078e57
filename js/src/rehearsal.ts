// What a Worker does when it is imported, so that its first request does not wait for it: V8 compiles each
// function, of JavaScript and of the module, at its first call.
import type { Load } from './load.js';
import { kRehearsalBundle } from './rehearsal-bundle.js';

/** Begins a rehearsal, if the module is compiled already. Where a host forbids it a first request takes longer, and nothing else is lost. */
export function beforeRequests(wasm: unknown, rehearsing: () => Promise<void>): void {
  if (wasm instanceof WebAssembly.Module) rehearsing().catch(() => {});
}

/** Several, which go together through other functions than one. */
export const kRehearsalEvents = ['0', '1', '2', '3'].map((itemId) => ({ itemId, timestamp: 0 }));

/** A bundle of four items, "0" to "3", of the recipe that calls most functions. */
export function rehearsalBundle(): Uint8Array {
  return Uint8Array.from(atob(kRehearsalBundle), (byte) => byte.charCodeAt(0));
}

/**
 * Opens a bundle and makes a list from it. Before there is a request Workers forbid timers, random values of
 * `crypto` and what waits for the world: nothing here needs one.
 */
export async function rehearse(load: Load): Promise<void> {
  const recommender = await load(rehearsalBundle());
  const session = recommender.session();
  for (const event of kRehearsalEvents) session.record(event);
  session.getRecommendations();
  recommender.dispose();
}
