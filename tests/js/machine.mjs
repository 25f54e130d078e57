// A make-believe machine for the tests of the scripts: a folder of stand-ins is the whole PATH, each
// stand-in notes how it was called, and the scripts run in a copy of the project's outline.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const testsFolder = fileURLToPath(new URL('..', import.meta.url));
const REAL_TOOLS = [
  'bash', 'cat', 'dirname', 'env', 'find', 'mkdir', 'nproc', 'printf', 'rm', 'sed', 'seq',
  'sha256sum', 'sleep', 'sort', 'tail', 'touch', 'uname',
];
const NOBODY_MISSING = `shift 2; for name in "$@"; do
  case " $FAKE_MISSING " in *" $name "*) ;; *) printf 'installed:%s ' "$name" ;; esac
done`;

/** An `npm ci`, or `npm install --no-save`, that leaves behind what the real one does. */
export const NPM_CI =
  '{ [ "$1" = ci ] || [ "$1 $2" = "install --no-save" ]; } && mkdir -p node_modules && printf x >node_modules/.package-lock.json';

export function pathOf(tool) {
  return execFileSync('bash', ['-c', `type -P ${tool}`], { encoding: 'utf8' }).trim();
}

/** Debian, root, all packages installed; FAKE_UID and FAKE_MISSING in the environment change that. */
export class Machine {
  root = mkdtempSync(join(tmpdir(), 'attune-setup-'));
  bin = join(this.root, 'bin');

  constructor() {
    for (const folder of ['bin', 'tests', 'tests/hosts', 'js']) mkdirSync(join(this.root, folder));
    for (const script of ['setup.sh', 'run.sh']) {
      copyFileSync(join(testsFolder, script), join(this.root, 'tests', script));
    }
    for (const tool of REAL_TOOLS) this.link(tool);
    for (const folder of ['js', 'tests/hosts']) writeFileSync(join(this.root, folder, 'package-lock.json'), '{"lockfileVersion":3}');
    this.standIn('id', 'echo "${FAKE_UID:-0}"');
    this.standIn('apt-get', '');
    this.standIn('dpkg-query', NOBODY_MISSING);
  }

  /** Gives the machine the real tool of that name. */
  link(tool) {
    symlinkSync(pathOf(tool), join(this.bin, tool));
  }

  /** A program that notes its call and then runs `body`. */
  standIn(name, body) {
    const note = `printf '%s\\n' "${name} $*" >>"${this.root}/calls"`;
    writeFileSync(join(this.bin, name), `#!${pathOf('bash')}\n${note}\n${body}\n`);
    chmodSync(join(this.bin, name), 0o755);
  }

  /** What the stand-ins noted since the last look, oldest first. */
  calls() {
    const path = join(this.root, 'calls');
    const noted = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
    rmSync(path, { force: true });
    return noted;
  }

  callsOf(name) {
    return this.calls().filter((call) => call.startsWith(`${name} `));
  }

  bash(script, environment = {}) {
    const result = spawnSync(join(this.bin, 'bash'), ['-c', script], {
      cwd: tmpdir(),
      encoding: 'utf8',
      env: { PATH: this.bin, ATTUNE_LOCK_WAIT_SECONDS: '0', ...environment },
    });
    const errors = result.stderr.split('\n').filter((line) => line.startsWith('attune: '));
    return { code: result.status, out: result.stdout, errors };
  }

  /** The given steps after tests/setup.sh is sourced. */
  setup(steps, environment) {
    return this.bash(`source "${this.root}/tests/setup.sh"; ${steps}`, environment);
  }

  remove() {
    rmSync(this.root, { recursive: true, force: true });
  }
}
