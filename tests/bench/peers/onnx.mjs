// ONNX Runtime Web: a model of one product and one choice (Gemm, TopK), one thread with SIMD.
import * as ort from 'onnxruntime-web/wasm';

import { bytesAt } from './bytes.mjs';

export async function open({ files, wasm, items, dimension, query }) {
  ort.env.wasm.numThreads = 1;
  if (wasm.protocol !== 'file:') ort.env.wasm.wasmPaths = { wasm: new URL('ort-wasm-simd-threaded.wasm', wasm).href };
  const model = await bytesAt(new URL(`${items}.onnx`, files));
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  return {
    search: async () => (await session.run({ query: new ort.Tensor('float32', query(), [1, dimension]) })).items.data,
  };
}
