// Attune, asked for lists as a page asks for them: a recommender over a bundle, with a session.
import { load } from '../../../js/dist/index.js';
import { bytesAt } from './bytes.mjs';

const kSessions = 32;

/** The page's entry takes a URL in a page only. */
const sourceAt = (url) => (url.protocol === 'file:' ? bytesAt(url) : url);

/** `files` and `wasm` are folders' URLs. What it gives back searches, and may record(). */
export async function open({ files, wasm, items, results, below }) {
  const bundle = await sourceAt(new URL(`${items}.attune`, files));
  const recommender = await load(bundle, { wasm: sourceAt(new URL('attune.wasm', wasm)) });
  const itemId = () => String(below(items));
  const sessions = Array.from({ length: kSessions }, () => {
    const session = recommender.session();
    for (let i = 0; i < 10; i++) session.record({ itemId: itemId(), timestamp: i });
    return session;
  });
  let clock = 1e6; // an event a second: what is said twice within one counts once
  let turn = 0;
  const list = (session) => session.getRecommendations({ numResults: results }).itemList;
  return {
    search: () => list(sessions[turn++ % kSessions]),
    recordAndSearch() {
      sessions[0].record({ itemId: itemId(), timestamp: clock++ });
      return list(sessions[0]);
    },
  };
}
