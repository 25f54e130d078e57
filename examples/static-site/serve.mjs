// Serves a folder's files, read once, on 127.0.0.1. Usage: node serve.mjs FOLDER [PORT]     (8080; 0: any free one)
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, relative, sep } from 'node:path';

const [folder, port = '8080'] = process.argv.slice(2);
const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const files = new Map();
try {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    files.set(`/${relative(folder, path).split(sep).join('/')}`, readFileSync(path));
  }
} catch (error) {
  console.error(`serve.mjs: ${error.message}; it takes a folder and a port: node serve.mjs build/static-site 8080`);
  process.exit(2);
}

const server = createServer(({ url }, response) => {
  const path = url.split('?')[0].replace(/\/$/, '/index.html');
  const headers = { 'content-type': kTypes[extname(path)] ?? 'application/octet-stream', 'x-content-type-options': 'nosniff' };
  response.writeHead(files.has(path) ? 200 : 404, headers).end(files.get(path));
});
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
