// Debian's Firefox with a certificate of its own, spoken to over Marionette: a length, a colon and
// a piece of JSON on a plain socket.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_MS = 60_000;

/** `hosts` are names that lead to this machine; pages then say their port themselves. */
export async function launchFirefox({ hosts, root, p12, p12Password }) {
  const home = mkdtempSync(join(tmpdir(), 'tokinet-firefox-'));
  const database = `sql:${home}`;
  const password = join(home, 'p12-password');
  writeFileSync(password, p12Password, { mode: 0o600 });
  execFileSync('certutil', ['-N', '-d', database, '--empty-password']);
  execFileSync('certutil', ['-A', '-d', database, '-n', 'root', '-t', 'C,,', '-i', root]);
  execFileSync('pk12util', ['-i', p12, '-d', database, '-w', password, '-K', '']);
  const preferences = {
    'marionette.port': 0,
    'network.dns.localDomains': hosts.join(','),
    // What a person chooses with 「今後も同じ証明書を使用する」.
    'security.default_personal_cert': 'Select Automatically',
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.update.enabled': false,
  };
  const lines = Object.entries(preferences).map(([name, value]) =>
    `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
  writeFileSync(join(home, 'user.js'), lines.join('\n'));
  const args = ['--headless', '--marionette', '--no-remote', '--profile', home];
  const child = spawn('firefox-esr', args, {
    env: { HOME: home, PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    stdio: 'ignore',
  });
  const ended = new Promise((done) => { child.once('exit', done); });
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const ask = await speak(await port(home));
    await ask('WebDriver:NewSession', { capabilities: {} });
    const goto = (url) => ask('WebDriver:Navigate', { url });
    const text = async () =>
      (await ask('WebDriver:ExecuteScript', { script: 'return document.body.innerText', args: [] })).value;
    return { goto, text, close };
  } catch (why) {
    await close();
    throw why;
  }
}

async function port(home) {
  for (const late = Date.now() + START_MS; Date.now() < late; await pause(100)) {
    try {
      const found = Number(readFileSync(join(home, 'MarionetteActivePort'), 'utf8'));
      if (found > 0) return found;
    } catch { /* it is still starting */ }
  }
  throw new Error('Firefox never opened its Marionette port');
}

async function speak(number) {
  const socket = connect(number, '127.0.0.1');
  const waiting = new Map();
  let text = Buffer.alloc(0);
  socket.on('data', (piece) => {
    text = Buffer.concat([text, piece]);
    for (;;) {
      const colon = text.indexOf(':');
      const length = Number(text.subarray(0, colon));
      if (colon < 0 || text.length < colon + 1 + length) return;
      const message = JSON.parse(text.subarray(colon + 1, colon + 1 + length));
      text = text.subarray(colon + 1 + length);
      // The first one is a greeting; answers say their number, an error and a result.
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message;
      const { done, failed } = waiting.get(id);
      error ? failed(new Error(`${error.error}: ${error.message}`)) : done(result);
    }
  });
  await new Promise((done, failed) => { socket.once('connect', done).once('error', failed); });
  let id = 0;
  return (name, parameters) => new Promise((done, failed) => {
    id += 1;
    waiting.set(id, { done, failed });
    const message = Buffer.from(JSON.stringify([0, id, name, parameters]));
    socket.write(Buffer.concat([Buffer.from(`${message.length}:`), message]));
  });
}
