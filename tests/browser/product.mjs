// The product as an operator runs it: a network in a temporary folder, and commands about it.

import { execFile, spawn } from 'node:child_process';
import {
  existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BINARY = fileURLToPath(new URL('../../target/release/tokinet', import.meta.url));
const DOMAIN = 'tokinet.test';
const READY_MS = 60_000;

export const APP = `https://app.${DOMAIN}`;
export const TOUROKU = `https://touroku.${DOMAIN}`;
export const OFFICE_CODE = '9900000010';

/**
 * Makes a network and serves it; `card` is the first administrator's. `past`, as in `-700d`,
 * is the time at which all of it happens until `comeToPresent`: Debian's faketime tells it to the
 * program, which has no such door itself. `more` is added to the config.
 */
export async function startNetwork({ past, more = '' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tokinet-network-'));
  const at = (name) => join(folder, name);
  const tokinet = async (args, env = {}) => {
    const options = { cwd: folder, env: { ...process.env, ...env } };
    options.env = { ...options.env, ...atTime(past) };
    return (await promisify(execFile)(BINARY, args, options)).stdout;
  };
  const told = await tokinet(
    ['init', '--network', 'ひだまりネット', '--domain', DOMAIN, '--listen', '127.0.0.1:0',
      '--office-phone', '000-0000-0000', '--administrator', '小田', '友子'],
    { TOKINET_ROOT_PASSPHRASE: 'only for a test of the product' },
  );
  const word = (name) => told.match(new RegExp(`${name} +(\\S+)`))[1];
  const card = {
    number: word('card number'),
    secret: word('enrolment code'),
    password: word('initial password'),
  };
  const fingerprint = word('root fingerprint');

  // Nobody waits for second thoughts here.
  const config = readFileSync(at('tokinet.toml'), 'utf8');
  writeFileSync(at('tokinet.toml'), `${config.replace(/undo_seconds = \d+/, 'undo_seconds = 0')}\n${more}`);
  const server = serve(['run'], folder, past);
  const address = (await server.line(/^ready on (\S+)$/))[1];
  const hostsAt = (where) => ({ [new URL(APP).host]: where, [new URL(TOUROKU).host]: where });
  const hosts = hostsAt(address);

  /** What a Linux PC does with its card: files for a browser. */
  const enrol = async (card, name) => {
    const out = at(`device ${name}`);
    const password = 'of-a-p12-in-a-test';
    await tokinet(
      ['enrol', '--host', new URL(TOUROKU).host, '--connect', address,
        '--fingerprint', fingerprint, '--card', card.number, '--name', name, '--out', out],
      { TOKINET_CARD_SECRET: card.secret, TOKINET_P12_PASSWORD: password },
    );
    return { out, root: join(out, 'root.pem'), p12: join(out, 'device.p12'), p12Password: password };
  };
  const ask = async (args) => JSON.parse(await tokinet([...args, '--json']));
  /** Those of the words that stand readable in the log or in a file of the store. */
  const leaks = (words) => {
    const store = at('tokinet-data');
    const files = readdirSync(store, { recursive: true }).map((name) => join(store, name));
    const kept = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file));
    const texts = [server.log(), ...kept];
    return words.filter((word) => texts.some((text) => text.includes(word)));
  };
  let running = server;
  /** Stops the program and starts it in our time, on the same data; answers the new `hosts`. */
  const comeToPresent = async () => {
    await running.stop('SIGTERM');
    past = undefined;
    running = serve(['run'], folder);
    return hostsAt((await running.line(/^ready on (\S+)$/))[1]);
  };
  const close = async () => {
    await running.stop('SIGTERM');
    rmSync(folder, { recursive: true });
  };
  return { ...server, comeToPresent, folder, at, address, hosts, card, fingerprint, ask, enrol, leaks, close };
}

/**
 * The fictional network behind its forwarder, `outside` a file with `[smtp]` and `[push]`, `houses`
 * (of `away.mjs`) where it runs with no rights in a house of its own; `people` by their role, each
 * with a `site`, and `tunnels` the folder with their files for the tunnel.
 */
export async function startTry({ outside, houses } = {}) {
  const more = outside ? ['--outside', outside] : [];
  const through = houses && [...houses.asNobodyInTheBox, houses.readable(BINARY)];
  const words = ['try', '--port', '0', '--doors', '--undo-seconds', '0', ...more];
  const server = serve(words, tmpdir(), undefined, through);
  const address = (await server.line(/^ +http:\/\/(\S+)\/$/))[1];
  const doors = (await server.line(/^doors (\S+)$/))[1];
  const row = /^ +(\w+) +facility code (\S+) +user id (\S+) +password (.+)$/gm;
  const people = {};
  const hosts = {};
  for (const [, role, facilityCode, userId, password] of server.told().matchAll(row)) {
    const host = `${role.replace('_', '-')}.localhost`;
    hosts[host] = address;
    people[role] = { site: `http://${host}`, facilityCode, userId, password };
  }
  const close = () => server.stop('SIGINT');
  const tunnels = server.told().match(/^tunnels (\S+)$/m)?.[1];
  return { ...server, address, doors, people, hosts, tunnels, close };
}

/** What a program is started with to live at another time, where one is given. */
function atTime(past) {
  if (!past) return {};
  // Without the `faketime` command: that one stands between a program and its signals.
  const folders = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime`);
  const folder = folders.find((name) => existsSync(name));
  return { LD_PRELOAD: `${folder}/libfaketimeMT.so.1`, FAKETIME: past, DONT_FAKE_MONOTONIC: '1' };
}

function serve(args, cwd, past, [program, ...before] = [BINARY]) {
  const env = { ...process.env, ...atTime(past) };
  const child = spawn(program, [...before, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  const waiting = new Set();
  const ended = new Promise((done) => { child.once('exit', (code) => done(code)); });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    waiting.forEach((look) => look());
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { log += text; });
  // A test that dies must not leave a server behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  const line = (pattern) => new Promise((found, failed) => {
    const give = (outcome, value) => {
      clearTimeout(late);
      waiting.delete(look);
      outcome(value);
    };
    const look = () => {
      const match = lines.map((one) => one.match(pattern)).find(Boolean);
      if (match) give(found, match);
    };
    const fail = (why) => give(failed, new Error(`tokinet ${args[0]}: ${why}\n${log}`));
    const late = setTimeout(() => fail(`never said ${pattern}`), READY_MS);
    ended.then((code) => fail(`ended with ${code}`));
    waiting.add(look);
    look();
  });
  const stop = async (signal) => {
    child.kill(signal);
    const code = await ended;
    process.off('exit', kill);
    if (code !== 0) throw new Error(`tokinet ${args[0]} ended with ${code}\n${log}`);
  };
  const told = () => lines.join('\n');
  return { pid: child.pid, line, told, log: () => log, stop };
}

/** Watches a process; `peak` answers by how many MiB it ever stood above where it began. */
export function watchMemory(pid) {
  const resident = () => {
    const kib = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)[1];
    return Number(kib) / 1024;
  };
  const began = resident();
  let highest = began;
  const look = () => { highest = Math.max(highest, resident()); };
  const timer = setInterval(look, 20);
  const peak = () => {
    look();
    clearInterval(timer);
    return { began, highest, grown: highest - began };
  };
  return { peak };
}
