// Attachments on a bad line: an upload that is cut goes on, also after the page was loaded anew,
// and arrives whole. Then everything is looked at one after the other, and saved.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { drawPhoto, writeVideo } from './files.mjs';
import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { logIn, writeTo } from './people.mjs';
import { startTry } from './product.mjs';
import { step } from './steps.mjs';

const MIB = 1024 * 1024;
const VIDEO_BYTES = 24 * MIB + 12_345;
const SLOW_MS = 90_000;

let network;
let line;
let browser;
let site;
let folder;
const findings = [];
// Where each try began.
const offsets = [];

/** A line to the product that can be cut after some megabytes, and be dead for a while. */
function startLine(address) {
  const [host, port] = address.split(':');
  const state = { dead: false, cutAfter: Infinity, carried: 0, cuts: 0 };
  const sockets = new Set();
  const cut = () => {
    state.cuts += 1;
    state.cutAfter = Infinity;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((from) => {
    if (state.dead) return from.destroy();
    const to = connect(Number(port), host);
    for (const [one, other] of [[from, to], [to, from]]) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => { sockets.delete(one); other.destroy(); });
    }
    from.on('data', (bytes) => {
      state.carried += bytes.length;
      if (state.carried >= state.cutAfter) return cut();
      if (!to.write(bytes)) { from.pause(); to.once('drain', () => from.resume()); }
    });
    to.pipe(from);
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const carry = (bytes) => { state.carried = 0; state.cutAfter = bytes; };
      const close = () => { cut(); server.close(); };
      done({ state, carry, cut, close, address: `127.0.0.1:${server.address().port}` });
    });
  });
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokinet-attachments-'));
  network = await startTry();
  line = await startLine(network.address);
  const { nurse } = network.people;
  site = nurse.site;
  browser = await launch({ hosts: { [new URL(site).host]: line.address } });
  browser.page.on('request', (request) => {
    if (request.method() === 'PUT') offsets.push(Number(request.headers()['upload-offset']));
  });
  await logIn(browser.page, site, nurse);
  writeVideo(join(folder, '歩行.mp4'), VIDEO_BYTES);
});

after(async () => {
  await browser?.close();
  line?.close();
  await network?.close();
  rmSync(folder, { recursive: true, force: true });
});

const choose = (page) => page.locator('input[name=file]').setInputFiles(join(folder, '歩行.mp4'));
const attached = (page) => page.locator('.attached .file-name').filter({ hasText: '歩行.mp4' });

async function hashOfAttached(page, n) {
  const href = await attached(page).nth(n).locator('a').getAttribute('href');
  const bytes = await page.evaluate(async (address) => {
    const digest = await (await fetch(address)).arrayBuffer();
    let text = '';
    const all = new Uint8Array(digest);
    for (let at = 0; at < all.length; at += 32768) text += String.fromCharCode(...all.subarray(at, at + 32768));
    return btoa(text);
  }, href);
  return sha256(Buffer.from(bytes, 'base64'));
}

step('a line that is cut twice costs neither the file nor its beginning', async () => {
  const { page } = browser;
  await writeTo(page, site, '遠藤', '遠藤');
  line.carry(9 * MIB);
  await choose(page);
  await page.getByText('つながりしだい再開します').waitFor({ timeout: SLOW_MS });
  assert.equal(line.state.cuts, 1);
  line.carry(6 * MIB);
  await page.getByText(/再開しています… (?!0)/).or(attached(page)).first().waitFor({ timeout: SLOW_MS });
  await attached(page).waitFor({ timeout: SLOW_MS });
  assert.equal(line.state.cuts, 2, 'the second cut came as well');
  const [first, second, third] = offsets;
  console.log(`a line cut twice: begun at ${offsets.join(', ')} of ${VIDEO_BYTES}`);
  assert.equal(first, 0);
  // How much of the last megabytes had come through the line's own buffers is chance.
  assert.ok(second > 2 * MIB && third > second, 'what had arrived was not sent again');
  const whole = sha256(readFileSync(join(folder, '歩行.mp4')));
  assert.equal(await hashOfAttached(page, 0), whole);
});

step('after the page was loaded anew the same file goes on', async () => {
  const { page } = browser;
  line.carry(12 * MIB);
  await choose(page);
  await page.getByText('つながりしだい再開します').waitFor({ timeout: SLOW_MS });
  page.once('dialog', (dialog) => dialog.accept());
  await page.reload();
  line.carry(Infinity);
  await choose(page);
  await attached(page).nth(1).waitFor({ timeout: SLOW_MS });
  assert.ok(offsets.at(-1) > 2 * MIB, 'the first part was not sent again');
  assert.equal(await hashOfAttached(page, 1), await hashOfAttached(page, 0));
});

step('pictures, films and papers are looked at one after the other', async () => {
  const { page } = browser;
  const photo = await drawPhoto(page, { width: 1600, height: 1200 });
  const pdf = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
  await page.locator('input[name=file]').setInputFiles([
    { name: '創部.jpg', mimeType: 'image/jpeg', buffer: photo },
    { name: '計画.pdf', mimeType: 'application/pdf', buffer: pdf },
  ]);
  await page.locator('.attached .file-name').filter({ hasText: '計画.pdf' }).waitFor();
  await page.getByLabel('件名').fill('歩行と創部について');
  await page.getByLabel('本文').fill('動画と写真をお送りします。');
  await page.locator('button[value=confirm]').click();
  await page.waitForURL(/\/confirm$/);
  await page.getByRole('button', { name: '1件の宛先に送信する' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/confirm'));
  await page.goto(`${site}/mail/sent`);
  await page.locator('.row').first().click();
  await page.getByRole('link', { name: '創部.jpg' }).first().click();
  await page.waitForURL(/\/files\/\d+\/view$/);
  await page.locator('[data-picture]').waitFor();
  findings.push(...await look(page, 'viewer-picture'));
  const width = () => page.locator('[data-picture]').evaluate((picture) => picture.getBoundingClientRect().width);
  const before = await width();
  await page.keyboard.press('+');
  assert.ok(await width() > before * 1.4);
  await page.keyboard.press('-');
  await page.keyboard.press('r');
  assert.ok(await width() < before, 'turned, it is as high as it was wide');
  await page.keyboard.press('ArrowRight');
  await page.locator('object, .stage-words').first().waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '計画.pdf');
  findings.push(...await look(page, 'viewer-pdf'));
  await page.keyboard.press('ArrowLeft');
  await page.locator('[data-picture]').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.locator('video').waitFor();
  findings.push(...await look(page, 'viewer-video'));
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: '歩行と創部について' }).waitFor();
});

step('the mail is saved as a message, and no page complained', async () => {
  const { page } = browser;
  await page.locator('.toolbar summary', { hasText: 'その他' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('a[href$="/eml"]').click(),
  ]);
  assert.equal(download.suggestedFilename(), '歩行と創部について.eml');
  const file = join(folder, 'saved.eml');
  await download.saveAs(file);
  const message = readFileSync(file, 'latin1');
  assert.ok(message.length > 2 * VIDEO_BYTES * 4 / 3, 'both films are in it');
  assert.match(message, /^Subject: =\?utf-8\?/im);
  // What the line lost is no fault of a page's.
  const faults = browser.problems.filter((text) => !/net::ERR_|Failed to load resource/.test(text));
  assert.deepEqual(faults, []);
  assert.deepEqual(findings, []);
});
