// Chromium's managed policy that offers a certificate without asking. It holds for the whole
// machine and takes root, so it is there only while a browser of this process runs.

import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';

const FILE = '/etc/chromium/policies/managed/tokinet-test.json';

const held = new Set();
process.on('exit', () => {
  if (held.size > 0) {
    remove();
  }
});

/** Puts the policy for these hosts beside those held already, until `release` is called. */
export function holdPolicy(hosts) {
  const holding = { hosts };
  held.add(holding);
  write();
  return {
    release() {
      if (held.delete(holding)) {
        held.size > 0 ? write() : remove();
      }
    },
  };
}

function write() {
  const hosts = new Set([...held].flatMap((holding) => holding.hosts));
  const choices = [...hosts].map((host) =>
    JSON.stringify({ pattern: `https://${host}`, filter: {} }),
  );
  asRoot(['mkdir', '-p', dirname(FILE)]);
  asRoot(['tee', FILE], JSON.stringify({ AutoSelectCertificateForUrls: choices }, null, 2));
}

function remove() {
  asRoot(['rm', '-f', FILE]);
}

function asRoot(command, input = '') {
  const [program, ...args] = process.getuid() === 0 ? command : ['sudo', ...command];
  execFileSync(program, args, { input, stdio: ['pipe', 'ignore', 'inherit'] });
}
