// The ONNX model that does the same work as a scan: Gemm(transB=1) of one query with all items'
// vectors, then TopK; as bytes, encoded here (onnx.proto, protocol buffers' wire format).

const kFloat = 1;
const kInt64 = 7;
const kIntAttribute = 2;

function varint(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A field: whole numbers as varints, everything else with its length. */
function field(number, value) {
  if (typeof value === 'number') return joined([varint(number << 3), varint(value)]);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return joined([varint((number << 3) | 2), varint(bytes.length), bytes]);
}
const message = (...fields) => joined(fields.flat());

const integer = (name, value) =>
  message(field(1, name), field(3, value), field(20, kIntAttribute));

function node(type, inputs, outputs, attributes) {
  return message(
    inputs.map((name) => field(1, name)),
    outputs.map((name) => field(2, name)),
    field(4, type),
    Object.entries(attributes).map(([name, value]) => field(5, integer(name, value))),
  );
}

function constant(name, type, shape, bytes) {
  return message(shape.map((size) => field(1, size)), field(2, type), field(8, name), field(9, bytes));
}

function value(name, type, shape) {
  const dimensions = message(shape.map((size) => field(1, message(field(1, size)))));
  return message(field(1, name), field(2, message(field(1, message(field(1, type), field(2, dimensions))))));
}

/** Input `query` (1, dimension), outputs `scores` and `items` (1, k), best first. */
export function scanModel(vectors, items, dimension, k) {
  const graph = message(
    field(1, node('Gemm', ['query', 'vectors'], ['all'], { transB: 1 })),
    field(1, node('TopK', ['all', 'k'], ['scores', 'items'], { axis: 1, largest: 1, sorted: 1 })),
    field(2, 'scan'),
    field(5, constant('vectors', kFloat, [items, dimension], new Uint8Array(vectors.buffer))),
    field(5, constant('k', kInt64, [1], new Uint8Array(BigInt64Array.of(BigInt(k)).buffer))),
    field(11, value('query', kFloat, [1, dimension])),
    field(12, value('scores', kFloat, [1, k])),
    field(12, value('items', kInt64, [1, k])),
  );
  return message(field(1, 8), field(7, graph), field(8, message(field(1, ''), field(2, 17))));
}
