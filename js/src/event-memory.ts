import { applied, type EventStorage, type State } from './event-storage.js';

/** Keeps events as long as the page or program runs. */
export function memoryEvents(): EventStorage & { events: Map<string, string>; state: State } {
  const events = new Map<string, string>();
  const memory: ReturnType<typeof memoryEvents> = {
    events,
    state: {},
    async append(added, visit) {
      for (const [key, json] of added) events.set(key, json);
      memory.state = { ...memory.state, visit };
    },
    async change(now, act) {
      const { state, keys, gone, count } = applied([...events.keys()].sort(), memory.state, now, act);
      memory.state = state;
      const read = keys.slice(0, count).map((key) => [key, events.get(key)!] as const);
      for (const key of gone) events.delete(key);
      return { state, keys, events: new Map(read) };
    },
    async clear() {
      events.clear();
      memory.state = {};
    },
  };
  return memory;
}
