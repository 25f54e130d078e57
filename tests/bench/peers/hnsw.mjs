// hnswlib-wasm: a graph of neighbours (inner product, M 16, efConstruction 200), built when it is opened, because
// the package reads no index but those it wrote itself on this device. Its lists are approximate (efSearch 100).
import { loadHnswlib } from 'hnswlib-wasm/dist/hnswlib.js';

import { floatsAt } from './bytes.mjs';

export async function open({ files, items, dimension, results, query }) {
  const library = await loadHnswlib();
  const vectors = await floatsAt(new URL(`${items}.f32`, files));
  const index = new library.HierarchicalNSW('ip', dimension, '');
  index.initIndex(items, 16, 200, 100);
  const rows = Array.from({ length: items }, (_, item) => vectors.subarray(item * dimension, (item + 1) * dimension));
  index.addItems(rows, false);
  index.setEfSearch(100);
  return { search: () => index.searchKnn(query(), results, undefined).neighbors };
}
