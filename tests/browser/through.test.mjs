// Through the tunnel for real: `tokinet try` as nobody and without a right, Debian's wireguard-go in
// another network, and a browser there that knows no other way to the box.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { makeHouses } from './away.mjs';
import { drawPhoto } from './files.mjs';
import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { logIn, writeTo } from './people.mjs';
import { startTry } from './product.mjs';
import { step } from './steps.mjs';

const HOST = 'app.tokinet.test';
const SITE = `https://${HOST}`;
const SUBJECT = '創部の写真です';
const P12_PASSWORD = 'aoba-no-kagi-2026';
// Of the file for the other way in: what a browser says when nobody answers.
const NO_ANSWER = /net::ERR_/;
// A second or two, and as much for a busy machine.
const TOLD_MS = 4_000;

let houses;
let network;
let nurse;
let desk;
let inside;
const findings = [];

before(async () => {
  houses = makeHouses();
  network = await startTry({ houses });
  inside = await houses.connect(join(network.tunnels, 'nurse/tunnel.conf'));
});

after(async () => {
  await nurse?.close();
  await desk?.close();
  await network?.close();
  houses?.close();
});

/** Whether something answers in the tunnel, from the other house. */
function answers(address, port) {
  const words = ['netns', 'exec', houses.away, 'timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
  try {
    execFileSync('ip', words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

step('nothing is heard but the product', async () => {
  assert.ok(answers(inside.server, 443), 'the product');
  assert.ok(answers(inside.server, 80), 'its redirection');
  for (const port of [22, 8080, 51820]) assert.ok(!answers(inside.server, port), `port ${port}`);
});

step('a nurse logs in through the tunnel and sends a photo', async () => {
  const files = (name) => join(network.tunnels, 'nurse', name);
  assert.ok(existsSync(files('device.p12')));
  nurse = await launch({
    hosts: { [HOST]: `${inside.server}:443` },
    root: files('root.pem'),
    p12: files('device.p12'),
    p12Password: P12_PASSWORD,
    executable: houses.browserIn(houses.away),
  });
  const { page } = nurse;
  await logIn(page, SITE, network.people.nurse);
  await page.goto(`${SITE}/connected`);
  findings.push(...await look(page, 'connected-through-the-tunnel'));
  await page.goto(`${SITE}/mail/inbox`);
  await writeTo(page, SITE, 'たかはし', '文彦');
  await page.getByLabel('件名').fill(SUBJECT);
  await page.getByLabel('本文').fill('発赤は昨日より引いています。');
  const photo = await drawPhoto(page, { width: 2000, height: 1500 });
  await page.locator('input[name=file]').setInputFiles({ name: '創部.jpg', mimeType: 'image/jpeg', buffer: photo });
  await page.locator('[data-attachments] li', { hasText: '創部.jpg' }).locator('img').waitFor();
  await page.getByRole('button', { name: '確認へ進む' }).click();
  await page.getByRole('button', { name: '1件の宛先に送信する' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/confirm'));
});

step('the office sees that she came through the tunnel', async () => {
  desk = await launch({ hosts: network.hosts, executable: houses.browserIn(houses.box) });
  const { page } = desk;
  await logIn(page, network.people.office.site, network.people.office);
  await page.goto(`${network.people.office.site}/office/tunnel`);
  await page.getByText('つながっている').first().waitFor();
  findings.push(...await look(page, 'office-tunnel-live'));
});

step('her device is revoked: her page is told, and nothing answers it any more', async () => {
  const { page } = nurse;
  const live = page.waitForResponse((answer) => answer.url().endsWith('/live'));
  await page.goto(`${SITE}/mail/inbox`);
  await live;
  const ofStream = (asked) => asked.url().endsWith('/live');
  const ends = ['requestfailed', 'requestfinished'];
  const died = Promise.any(ends.map((end) => page.waitForEvent(end, ofStream)));
  await desk.page.goto(`${network.people.office.site}/office/devices`);
  const row = desk.page.getByRole('row', { name: '訪問用iPad 1' });
  await row.getByRole('link', { name: '失効する' }).click();
  const began = performance.now();
  await desk.page.getByRole('button', { name: '失効する' }).click();
  await died;
  const cutAfter = performance.now() - began;
  const words = page.locator('#line', { hasText: '通信が切れています' });
  await words.waitFor({ timeout: TOLD_MS });
  const toldAfter = performance.now() - began;
  console.log(`from the click to the end of the stream: ${cutAfter.toFixed(0)} ms; to the words on her page: ${toldAfter.toFixed(0)} ms`);
  findings.push(...await look(page, 'revoked-in-the-tunnel'));
  assert.match(await desk.page.locator('.flash').innerText(), /失効しました。接続中 [1-9]\d* 件を切断しました/);
  assert.ok(!answers(inside.server, 443), 'the tunnel is closed to her');
  await assert.rejects(page.goto(`${SITE}/mail/inbox`, { timeout: 5_000 }));
});

step('no page complained', async () => {
  const faults = [...nurse.problems, ...desk.problems].filter((text) => !NO_ANSWER.test(text));
  assert.deepEqual(faults, []);
  assert.deepEqual(findings, []);
});
