// A PostgreSQL server of a test's own, which it may kill: started by tests/postgres.sh.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../postgres.sh', import.meta.url));
const NOT_INSTALLED = 3;

const script = (...words) => spawnSync('bash', [SCRIPT, ...words], { encoding: 'utf8' });

export class PostgresServer {
  /** Null where PostgreSQL is not installed, unless the tests were promised one. */
  static start() {
    const server = new PostgresServer();
    const made = script('start', server.folder);
    if (made.status === NOT_INSTALLED && !process.env.ATTUNE_TEST_POSTGRES) return null;
    if (made.status !== 0) throw new Error(made.stderr);
    server.url = made.stdout.trim();
    return server;
  }

  folder = mkdtempSync(join(tmpdir(), 'attune-postgres-'));
  count = 0;

  /** The URL of a new database, with its password. */
  database() {
    const name = `shop_${++this.count}`;
    this.query(this.url, `CREATE DATABASE ${name}`);
    return this.url.replace(/\/postgres$/, `/${name}`);
  }

  /** What psql prints for a statement: lines of fields, which | parts. */
  query(url, sql) {
    const asked = spawnSync('psql', ['--no-psqlrc', '-At', '-c', sql, url], { encoding: 'utf8' });
    if (asked.status !== 0) throw new Error(asked.stderr);
    return asked.stdout.trim();
  }

  /** Kills the server as a crash of the machine would: no process of it ends in order. */
  kill() {
    const [pid] = readFileSync(join(this.folder, 'data/postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), 'SIGKILL');
  }

  /** Starts it again; it recovers what it had made durable. */
  restart() {
    const done = script('restart', this.folder);
    if (done.status !== 0) throw new Error(done.stderr);
  }

  remove() {
    script('stop', this.folder);
  }
}
