// The tunnel's pages: a key that the browser made and kept, a code for another screen, and what
// the office reads and decides. The packets themselves are the gateway's own tests.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { choosePassword, logIn } from './people.mjs';
import { APP, OFFICE_CODE, startNetwork } from './product.mjs';
import { step } from './steps.mjs';

const PASSWORD = 'hidamari-no-mado-1';
const KEY = /^PrivateKey = ([A-Za-z0-9+/]{43}=)$/m;

const findings = [];
const see = async (page, name) => findings.push(...await look(page, name));
let network;
let office;
let device;

before(async () => {
  network = await startNetwork({ more: '[gateway]\non = true\n' });
});

after(async () => {
  await office?.close();
  await network.close();
});

step('one card gives a Linux PC a certificate and a file for the tunnel', async () => {
  device = await network.enrol(network.card, '事務室PC 1');
  const conf = readFileSync(join(device.out, 'tokinet.conf'), 'utf8');
  assert.match(conf, KEY);
  assert.match(conf, /^Endpoint = vpn\.tokinet\.test:51820$/m);
  assert.match(conf, /^PersistentKeepalive = 25$/m);
  assert.doesNotMatch(conf, /DNS|PRIVATE-KEY/);
  assert.deepEqual(network.leaks([conf.match(KEY)[1]]), [], 'the key is nowhere in the box');
});

step('the connected page says that the device came without the tunnel', async () => {
  office = await launch({ hosts: network.hosts, ...device });
  const { page } = office;
  await page.goto(`${APP}/connected`);
  assert.match(await page.textContent('main'), /インターネット（証明書）/);
  await see(page, 'tunnel-connected');
  const { password } = network.card;
  await logIn(page, APP, { facilityCode: OFFICE_CODE, userId: 'admin', password });
  await choosePassword(page, password, PASSWORD);
});

step('the browser makes the key and keeps its private half', async () => {
  const { page } = office;
  await page.goto(`${APP}/me/devices/tunnel`);
  await see(page, 'tunnel-own');
  const asked = page.waitForRequest((one) => one.method() === 'POST');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'VPNの設定ファイルを受け取る' }).click();
  const conf = readFileSync(await (await saved).path(), 'utf8');
  const [, key] = conf.match(KEY);
  const sent = decodeURIComponent((await asked).postData());
  assert.match(sent, /as=json/);
  assert.ok(!sent.includes(key), 'only the public half is sent');
  assert.equal((await saved).suggestedFilename(), 'tokinet.conf');
  assert.deepEqual(network.leaks([key]), []);
});

step('a code for another screen is shown once', async () => {
  const { page } = office;
  await page.goto(`${APP}/me/devices/tunnel`);
  await page.getByText('ほかの端末で開いているとき').click();
  await page.getByRole('button', { name: 'QRコードを表示する' }).click();
  await page.locator('.tunnel-qr svg').waitFor();
  await see(page, 'tunnel-code');
  await page.goto(`${APP}/me/devices/tunnel`);
  assert.equal(await page.locator('.tunnel-qr').count(), 0);
});

step('the office reads how the gateway is, and chooses a way in', async () => {
  const { page } = office;
  await page.goto(`${APP}/office/tunnel`);
  assert.match(await page.textContent('main'), /vpn\.tokinet\.test:51820/);
  await see(page, 'tunnel-office');
  await page.goto(`${APP}/office/facilities`);
  await page.locator('.cell-name').first().click();
  await page.getByRole('heading', { name: 'つなぎ方' }).waitFor();
  await see(page, 'tunnel-route');
  await page.getByLabel(/インターネット（証明書）だけ/).check();
  await page.getByRole('button', { name: 'つなぎ方を保存する' }).click();
  await page.getByText('つなぎ方を変えました').first().waitFor();
  await page.goto(`${APP}/me/devices/tunnel`);
  assert.match(await page.textContent('main'), /この施設ではVPNを使いません/);
});

step('no page has anything for a tester to object to', () => {
  assert.deepEqual(findings, []);
});
