// Contenders lap by lap in one process, and how their times are printed.
import { cpus, release, totalmem, type } from 'node:os';

export * from './laps.mjs';

/** Cores, processor, memory and system. */
export const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`;

/** One JSON line of one measurement. */
export function print(benchmark, measurement, figures) {
  const node = process.version;
  console.log(JSON.stringify({ benchmark, measurement, ...figures, node, machine }));
}
