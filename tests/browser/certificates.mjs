// The certificates of one browser: an NSS database in its home, as Chromium on Linux reads it.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the database; trusts `root` (PEM) for servers and imports `p12`, and `more` of them, where
 * they are given.
 */
export function fillCertificates(home, { root, p12, p12Password, more = [] }) {
  const folder = join(home, '.pki', 'nssdb');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = `sql:${folder}`;
  run('certutil', ['-N', '-d', database, '--empty-password']);
  if (root) {
    run('certutil', ['-A', '-d', database, '-n', 'root', '-t', 'C,,', '-i', root]);
  }
  for (const one of p12 ? [{ p12, p12Password }, ...more] : more) {
    // By file, because arguments can be read by everybody on the machine.
    const password = join(home, 'p12-password');
    writeFileSync(password, one.p12Password, { mode: 0o600 });
    run('pk12util', ['-i', one.p12, '-d', database, '-w', password, '-K', '']);
  }
}

function run(program, args) {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (why) {
    throw new Error(`${program} failed: ${why.stderr || why.message}`, { cause: why });
  }
}
