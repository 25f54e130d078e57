// TensorFlow.js with its WebAssembly backend: matMul and topk of the core, one thread with SIMD.
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { dispose, env, matMul, reshape, setBackend, tensor2d, tidy, topk } from '@tensorflow/tfjs-core';

import { floatsAt } from './bytes.mjs';

export async function open({ files, wasm, items, dimension, results, query }) {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setThreadsCount(1);
  setWasmPaths(wasm.protocol === 'file:' ? wasm.pathname : wasm.href);
  const vectors = await floatsAt(new URL(`${items}.f32`, files));
  if (!(await setBackend('wasm'))) throw new Error('TensorFlow.js has no wasm backend here');
  const matrix = tensor2d(vectors, [items, dimension]);
  return {
    search() {
      const best = tidy(() => {
        const scores = matMul(tensor2d(query(), [1, dimension]), matrix, false, true);
        const { values, indices } = topk(reshape(scores, [items]), results);
        return [values, indices];
      });
      const [scores, ids] = best.map((tensor) => tensor.dataSync());
      dispose(best);
      return scores.length === ids.length ? ids : [];
    },
  };
}
