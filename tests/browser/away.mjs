// Two houses and the cable between them: network namespaces, so that a WireGuard client is really
// elsewhere. Nothing of the machine's own network is touched. Needs root, as browsers' policies do.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Addresses for documents (RFC 5737): no route of a machine leads there.
const BOX_ADDRESS = '192.0.2.1';
const AWAY_ADDRESS = '192.0.2.2';
const READY_MS = 10_000;
const NOBODY = '65534';

const run = (...words) => execFileSync(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
const within = (house, ...words) => ['ip', 'netns', 'exec', house, ...words];

/**
 * Makes `box`, where a program is started with `start`, and `away`, where somebody sits; answers
 * them with `close`.
 */
export function makeHouses() {
  const folder = mkdtempSync(join(tmpdir(), 'tokinet-houses-'));
  const [box, away] = [`tokinet-box-${process.pid}`, `tokinet-away-${process.pid}`];
  const clients = [];
  const close = () => {
    clients.forEach((client) => client.kill());
    for (const house of [box, away]) run('ip', 'netns', 'delete', house);
    rmSync(folder, { recursive: true, force: true });
  };
  for (const house of [box, away]) run('ip', 'netns', 'add', house);
  run('ip', 'link', 'add', 'cable', 'netns', box, 'type', 'veth', 'peer', 'cable', 'netns', away);
  for (const [house, address] of [[box, BOX_ADDRESS], [away, AWAY_ADDRESS]]) {
    run(...within(house, 'ip', 'link', 'set', 'lo', 'up'));
    run(...within(house, 'ip', 'address', 'add', `${address}/24`, 'dev', 'cable'));
    run(...within(house, 'ip', 'link', 'set', 'cable', 'up'));
  }

  /** The words before a program that runs in the box's house, as nobody and with no right left. */
  const asNobodyInTheBox = within(
    box, 'setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups',
    '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all',
  );

  /** A program where nobody may read it, whose folder they cannot enter perhaps. */
  const readable = (program) => {
    const copy = join(folder, 'program');
    chmodSync(folder, 0o755);
    copyFileSync(program, copy);
    chmodSync(copy, 0o755);
    return copy;
  };

  /** A browser for `launch`, whose network is that house's. */
  const browserIn = (house) => {
    const script = join(folder, `browser-${house}`);
    writeFileSync(script, `#!/bin/sh\nexec ip netns exec ${house} /usr/bin/chromium "$@"\n`);
    chmodSync(script, 0o755);
    return script;
  };

  /** What the official app does with a file: connects, from the other house. */
  const connect = async (file) => {
    const text = readFileSync(file, 'utf8');
    const value = (of) => text.match(new RegExp(`^${of} *= *(.*)$`, 'm'))[1].trim();
    const client = spawn('ip', within(away, 'wireguard-go', '-f', 'wg0').slice(1), {
      stdio: 'ignore', env: { ...process.env, WG_PROCESS_FOREGROUND: '1' },
    });
    clients.push(client);
    await until(() => run(...within(away, 'ip', 'link', 'show', 'wg0')));
    const known = /^(PrivateKey|PublicKey|PresharedKey|AllowedIPs|PersistentKeepalive) *=|^\[/;
    const bare = text.split('\n').filter((line) => known.test(line));
    const port = value('Endpoint').split(':').pop();
    const config = join(folder, 'wg0.conf');
    writeFileSync(config, `${bare.join('\n')}\nEndpoint = ${BOX_ADDRESS}:${port}\n`, { mode: 0o600 });
    await until(() => run(...within(away, 'wg', 'setconf', 'wg0', config)));
    for (const address of value('Address').split(',')) {
      run(...within(away, 'ip', 'address', 'add', address.trim(), 'dev', 'wg0'));
    }
    run(...within(away, 'ip', 'link', 'set', 'wg0', 'mtu', value('MTU'), 'up'));
    for (const allowed of value('AllowedIPs').split(',')) {
      run(...within(away, 'ip', 'route', 'add', allowed.trim(), 'dev', 'wg0'));
    }
    return { server: value('AllowedIPs').split(',')[0].trim().split('/')[0] };
  };

  return { box, away, asNobodyInTheBox, readable, browserIn, connect, close };
}

async function until(does) {
  for (const end = Date.now() + READY_MS; ;) {
    try {
      return does();
    } catch (why) {
      if (Date.now() > end) throw why;
      await new Promise((done) => { setTimeout(done, 50); });
    }
  }
}
