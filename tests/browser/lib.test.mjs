// The library against a server that tells each visitor the name on its certificate.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { after, before, test } from 'node:test';

import { SIZES, axe, launch, screenshot } from './lib.mjs';
import { P12_PASSWORD, makeAuthority } from './material.mjs';

const HOST = 'app.tokinet.test';
const POLICY = '/etc/chromium/policies/managed/tokinet-test.json';

let authority;
let server;
let options;

before(async () => {
  authority = makeAuthority();
  const { key, certificate } = authority.server(HOST);
  server = createServer(
    {
      key: readFileSync(key),
      cert: readFileSync(certificate),
      ca: readFileSync(authority.root),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    },
    answer,
  );
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const hosts = { [HOST]: `127.0.0.1:${server.address().port}` };
  options = { hosts, root: authority.root };
});

after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(authority.folder, { recursive: true });
});

test('two browsers at once show two certificates, and none shows none', async () => {
  const devices = ['device-one', 'device-two'];
  const browsers = await Promise.all([
    ...devices.map((name) =>
      launch({ ...options, p12: authority.device(name), p12Password: P12_PASSWORD }),
    ),
    launch(options),
  ]);
  try {
    for (const round of ['first', 'again']) {
      const seen = await Promise.all(browsers.map(({ page }) => visitor(page)));
      assert.deepEqual(seen, [...devices, 'nobody'], round);
    }
    assert.ok(existsSync(POLICY));
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
  }
  assert.ok(!existsSync(POLICY), 'the policy goes with the last browser');
});

test('a server of another authority is not trusted', async () => {
  const browser = await launch({ hosts: options.hosts });
  try {
    await assert.rejects(browser.page.goto(`https://${HOST}/`), /ERR_CERT_AUTHORITY_INVALID/);
    await assert.rejects(browser.page.goto('https://elsewhere.test/'), /ERR_NAME_NOT_RESOLVED/);
  } finally {
    await browser.close();
  }
});

test('pages are seen without script, at both sizes', async () => {
  const browser = await launch({ ...options, javaScript: false, size: SIZES.tablet });
  try {
    await browser.page.goto(`https://${HOST}/`);
    assert.equal(await browser.page.textContent('#script'), 'without script');
    const files = await screenshot(browser.page, 'library');
    const sizes = files.map((file) => [20, 16].map((at) => readFileSync(file).readUInt32BE(at)));
    assert.deepEqual(sizes, [[768, 1366], [820, 1180]]);
    assert.deepEqual(browser.page.viewportSize(), { width: 1180, height: 820 });
  } finally {
    await browser.close();
  }
});

test('axe and the list of problems tell what is wrong, under a strict policy', async () => {
  const browser = await launch(options);
  try {
    await browser.page.goto(`https://${HOST}/`);
    assert.equal(await browser.page.textContent('#script'), 'with script');
    assert.deepEqual(await axe(browser.page), []);
    assert.deepEqual(browser.problems, []);
    await browser.page.goto(`https://${HOST}/bad`);
    const found = await axe(browser.page);
    assert.deepEqual(found.map(({ id }) => id).sort(), ['color-contrast', 'image-alt']);
    assert.equal(browser.problems.length, 1, `${browser.problems}`);
    assert.match(browser.problems[0], /Content Security Policy/);
  } finally {
    await browser.close();
  }
});

async function visitor(page) {
  await page.goto(`https://${HOST}/`);
  return page.textContent('#visitor');
}

function answer(request, response) {
  if (request.url === '/script.js') {
    response.setHeader('Content-Type', 'text/javascript');
    response.end("document.querySelector('#script').textContent = 'with script';");
    return;
  }
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; img-src data:; style-src 'self'",
  );
  const name = request.socket.getPeerCertificate().subject?.CN ?? 'nobody';
  const bad = '<p style="font-size: 9px"><img src="data:image/gif;base64,"></p>'
    + '<font color="#ddd">薄い文字</font>';
  response.end(`<!doctype html><html lang="ja"><title>試験</title><link rel="icon" href="data:,">
    <main><h1>こんにちは</h1><p id="visitor">${name}</p><p id="script">without script</p>
    ${request.url === '/bad' ? bad : ''}</main>
    <script type="module" src="/script.js"></script></html>`);
}
