// Serves the shop's files on 127.0.0.1, with the headers of the movies demo. Usage: node serve.mjs FOLDER [PORT]
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { createStaticServer, listen } from '../movies/serve.mjs';

const [folder, port = '8090'] = process.argv.slice(2);
if (!folder || !existsSync(join(folder, 'index.html')) || !/^\d{1,5}$/u.test(port) || Number(port) > 65535) {
  console.error('serve.mjs takes the folder that run.sh --once made and a port: node serve.mjs build/shop/site 8090');
  process.exit(2);
}
const server = createStaticServer(folder);
console.log(`Attune shop: http://127.0.0.1:${await listen(server, Number(port))}/  (Ctrl-C stops it)`);
