// A push service on loopback: takes what the product pushes, and opens it as a browser would, with
// the library of the standard's author.

import { execFileSync } from 'node:child_process';
import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import ece from 'http_ece';

const WAIT_MS = 30_000;

/** `outside` is the file for `tokinet try`; `next` waits for the next push. */
export async function startPushService(more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'tokinet-push-'));
  const at = (name) => join(folder, name);
  certify(at);
  const arrived = [];
  let bell = () => {};
  const answers = [];
  const server = createServer({ key: readFileSync(at('key.pem')), cert: readFileSync(at('cert.pem')) });
  server.on('request', (request, answer) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const status = answers.shift() ?? 201;
      arrived.push({ path: request.url, headers: request.headers, body: Buffer.concat(parts), status });
      answer.writeHead(status).end();
      bell();
    });
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const host = `127.0.0.1:${server.address().port}`;
  writeFileSync(at('outside.toml'), `${more}\n[push]\nenabled = true\nonly_hosts = ["${host}"]\nca = "${at('ca.pem')}"\n`);

  let taken = 0;
  const next = async () => {
    const late = Date.now() + WAIT_MS;
    while (arrived.length <= taken) {
      if (Date.now() > late) throw new Error('no push came');
      await new Promise((done) => { bell = done; setTimeout(done, 500); });
    }
    taken += 1;
    return arrived[taken - 1];
  };
  const close = () => {
    server.close();
    server.closeAllConnections?.();
    rmSync(folder, { recursive: true });
  };
  return { outside: at('outside.toml'), host, next, answers, arrived, close };
}

/** What a browser would have: an address at the service and keys of its own. */
export function makeBrowser(host, name) {
  const keys = createECDH('prime256v1');
  keys.generateKeys();
  const secret = randomBytes(16);
  const text = (bytes) => Buffer.from(bytes).toString('base64url');
  return {
    fields: { endpoint: `https://${host}/${name}`, key: text(keys.getPublicKey()), secret: text(secret) },
    open: (body) => JSON.parse(ece.decrypt(body, { version: 'aes128gcm', privateKey: keys, authSecret: text(secret) })),
  };
}

/** Whether the push proves who sent it; answers the claims. */
export function checkProof(header) {
  const [, token, key] = header.match(/^vapid t=([^,]+), k=(\S+)$/);
  const [head, claims, signature] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const good = verify('sha256', Buffer.from(`${head}.${claims}`), { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  if (!good) throw new Error('the signature does not hold');
  return { key, ...JSON.parse(Buffer.from(claims, 'base64url')) };
}

function certify(at) {
  const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', at('ca-key.pem'), '-out', at('ca.pem'), '-days', '2', '-subj', '/CN=Push CA', '-addext', 'basicConstraints=critical,CA:TRUE');
  openssl('req', ...curve, '-keyout', at('key.pem'), '-out', at('request.pem'), '-subj', '/CN=push');
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
  openssl('x509', '-req', '-in', at('request.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca-key.pem'), '-CAcreateserial', '-out', at('cert.pem'), '-days', '2', '-extfile', at('names'));
}
