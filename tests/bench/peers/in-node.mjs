// One measurement of web.mjs in a Node process of its own. Its one argument and what it prints last are JSON.
import { raceLists, visit } from './visit.mjs';

const { task, names, entries, wasm, files, shape, laps } = JSON.parse(process.argv[2]);

const open = async (name) => visit((await import(entries[name])).open, { ...shape, files, wasm: wasm[name] });

async function load([name]) {
  const start = performance.now();
  const opener = await import(entries[name]);
  const importMs = performance.now() - start;
  const { loadMs, firstMs } = await visit(opener.open, { ...shape, files, wasm: wasm[name] });
  return { loadMs: importMs + loadMs, firstMs: importMs + firstMs };
}

async function search() {
  const works = {};
  for (const name of names) works[name] = (await open(name)).opened.search;
  return raceLists(works, shape, laps);
}

async function record([name]) {
  return raceLists({ [name]: (await open(name)).opened.recordAndSearch }, shape, laps);
}

console.log(`\n${JSON.stringify(await { load, search, record }[task](names))}`); // packages may have said something before
