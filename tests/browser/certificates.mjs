// The certificates of one browser: an NSS database in its home, as Chromium on Linux reads it.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the database; trusts `root` (PEM) for servers and imports `p12` where they are given. */
export function fillCertificates(home, { root, p12, p12Password }) {
  const folder = join(home, '.pki', 'nssdb');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = `sql:${folder}`;
  run('certutil', ['-N', '-d', database, '--empty-password']);
  if (root) {
    run('certutil', ['-A', '-d', database, '-n', 'root', '-t', 'C,,', '-i', root]);
  }
  if (p12) {
    // By file, because arguments can be read by everybody on the machine.
    const password = join(home, 'p12-password');
    writeFileSync(password, p12Password, { mode: 0o600 });
    run('pk12util', ['-i', p12, '-d', database, '-w', password, '-K', '']);
  }
}

function run(program, args) {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (why) {
    throw new Error(`${program} failed: ${why.stderr || why.message}`, { cause: why });
  }
}
