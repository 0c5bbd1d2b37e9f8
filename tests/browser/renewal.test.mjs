// A device that was enrolled almost two years ago is renewed in session, over mutual TLS: from the
// banner to the browser that was closed and opened again. Nothing but the time of the program that
// enrolled it is made up.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { choosePassword, logIn } from './people.mjs';
import { APP, OFFICE_CODE, startNetwork } from './product.mjs';
import { step } from './steps.mjs';

// Certificates last for 700 to 760 days, so this one has less than sixty left.
const PAST = '-700d';
const PASSWORD = 'hidamari-no-mado-1';

const open = [];
const findings = [];
const see = async (page, name) => findings.push(...await look(page, name));
let network;
let hosts;
let device;
let old;
let renewed;

const start = async (options) => {
  const browser = await launch({ hosts, root: device.root, ...options });
  open.push(browser);
  return browser;
};

before(async () => {
  network = await startNetwork({ past: PAST });
  device = await network.enrol(network.card, '事務室PC 1');
  hosts = await network.comeToPresent();
});

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network.close();
});

step('the banner tells how many days are left', async () => {
  old = await start(device);
  const { initial_password: password } = await network.ask(['card', 'issue', OFFICE_CODE, 'admin']);
  await logIn(old.page, APP, { facilityCode: OFFICE_CODE, userId: 'admin', password });
  await choosePassword(old.page, password, PASSWORD);
  const banner = old.page.locator('.flash', { hasText: 'この端末の証明書' });
  console.log((await banner.innerText()).replaceAll('\n', ' '));
  await see(old.page, 'renew-banner');
  await old.page.goto(`${APP}/office/devices/ending`);
  await old.page.locator('.cell-device', { hasText: '事務室PC 1' }).waitFor();
  await see(old.page, 'ending-one');
  await old.page.goto(`${APP}/`);
  await banner.getByRole('link', { name: '更新する' }).click();
  await see(old.page, 'renew');
});

step('the new certificate is taken once, without card and approval', async () => {
  const { page } = old;
  const began = performance.now();
  await page.getByRole('button', { name: '更新する' }).click();
  const password = (await page.locator('.secret span').allInnerTexts()).join('');
  const file = network.at('renewed.p12');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '新しい証明書を受け取る' }).click(),
  ]);
  await download.saveAs(file);
  console.log(`press to file: ${(performance.now() - began).toFixed(0)} ms`);
  renewed = { p12: file, p12Password: password };
  await page.goto(`${APP}/me/devices/renew`);
  await page.getByText('受け取りました').first().waitFor();
  await see(page, 'renew-taken');
  assert.equal((await page.goto(`${APP}/mail/inbox`)).status(), 200, 'the old one goes on');
  await page.locator('.flash', { hasText: '受け取り済み' }).waitFor();
});

step('a browser with both of them gets in, whichever it picks', async () => {
  const both = await start({ ...device, more: [renewed] });
  const answer = await both.page.goto(`${APP}/login`);
  const page = await old.page.goto(`${APP}/login`);
  console.log(`with both, Chromium picked the ${page.status() === 401 ? 'new' : 'old'} one`);
  assert.equal(answer.status(), 200);
});

step('closed and opened with the new one, the old one ends', async () => {
  const fresh = await start(renewed);
  await logIn(fresh.page, APP, { facilityCode: OFFICE_CODE, userId: 'admin', password: PASSWORD });
  await fresh.page.getByRole('heading', { name: '新着メールはありません' }).waitFor();
  assert.equal(await fresh.page.locator('.flash', { hasText: '証明書' }).count(), 0);
  const answer = await old.page.goto(`${APP}/mail/inbox`);
  assert.equal(answer.status(), 401);
  await old.page.getByRole('heading', { name: 'この証明書は、もう使えません' }).waitFor();
  await see(old.page, 'renew-replaced');
  await fresh.page.goto(`${APP}/me/devices`);
  await see(fresh.page, 'renew-after');
  assert.deepEqual(findings, []);
});
