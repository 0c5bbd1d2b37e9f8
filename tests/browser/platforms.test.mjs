// Each platform's own way from an approved card to a working device, as far as it runs on Linux:
// the Windows script's request posted as the script would, an iPad's profile opened by OpenSSL, a
// file in Firefox. The browsers that then come with those certificates are real.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before } from 'node:test';

import { launchFirefox } from './firefox-device.mjs';
import { launch } from './lib.mjs';
import { look } from './look.mjs';
import {
  approve, askForDevice, choosePassword, issueCards, logIn, readCard, registerFacility,
  registerMember, takeCertificate,
} from './people.mjs';
import { APP, OFFICE_CODE, TOUROKU, startNetwork } from './product.mjs';
import { step } from './steps.mjs';

const AGENTS = {
  windows: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
    'Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
  ipad: 'Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
    'Version/18.1 Mobile/15E148 Safari/604.1',
  chromeOnIpad: 'Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 ' +
    '(KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1',
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
};
const PEOPLE = [
  { family: '藤田', given: 'さやか', kana: ['フジタ', 'サヤカ'], job: '看護師', userId: 'fujita02' },
  { family: '森', given: '健一', kana: ['モリ', 'ケンイチ'], job: '看護師', userId: 'mori03' },
  { family: '岡', given: '千夏', kana: ['オカ', 'チナツ'], job: '看護師', userId: 'oka04' },
];
const P12_PASSWORD = 'of-a-p12-in-a-test';

const open = [];
const findings = [];
const see = async (page, name) => findings.push(...await look(page, name));
let network;
let office;
let cards;

const start = async (options) => {
  const browser = await launch({ hosts: network.hosts, ...options });
  open.push(browser);
  return browser;
};
const openssl = (...args) =>
  execFileSync('openssl', args, { cwd: network.folder, stdio: ['ignore', 'pipe', 'pipe'] });
const clickToDownload = async (page, button, file) => {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ]);
  await download.saveAs(network.at(file));
  return download.suggestedFilename();
};
// From a card to the page with the steps, on a machine that says it is `agent`.
async function approved(card, name, agent) {
  const { page } = await start({ root: office.root, userAgent: AGENTS[agent] });
  const plain = (code) => code.replaceAll('-', '');
  const digits = await askForDevice(
    page, `${TOUROKU}/e#${plain(card.number)}.${plain(card.secret)}`, name);
  await office.page.goto(`${APP}/office/enrolments`);
  await approve(office.page, digits);
  await page.getByRole('heading', { name: '承認されました' }).waitFor();
  return page;
}
// A browser that holds the certificate says so, and the page that waited hears of it.
async function comesIn(waiting, p12, p12Password) {
  const { page } = await start({ root: office.root, p12, p12Password });
  await page.goto(`${APP}/connected`);
  await page.getByRole('heading', { name: 'この端末はつながりました' }).waitFor();
  await waiting.getByText('登録が終わりました', { exact: true }).waitFor();
  return page;
}

before(async () => { network = await startNetwork(); });

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network.close();
});

step('the office gives out three cards', async () => {
  const device = await network.enrol(network.card, '事務室PC 1');
  office = await start(device);
  office.root = device.root;
  const { password } = network.card;
  await logIn(office.page, APP, { facilityCode: OFFICE_CODE, userId: 'admin', password });
  await choosePassword(office.page, password, 'hidamari-no-mado-1');
  const station = await registerFacility(office.page, APP, {
    code: '1569501016', kind: '訪問看護ステーション', name: 'みどり訪問看護ステーション',
    kana: 'みどりほうもんかんごすてーしょん',
  });
  for (const person of PEOPLE) await registerMember(office.page, station, person);
  await issueCards(office.page, station, 'カード');
  cards = [];
  for (const { family, given } of PEOPLE) {
    cards.push(await readCard(office.page, `${family} ${given}`));
  }
});

/** Posts as the script does: TLS with the root that it pins, its ticket, no cookie. */
const post = (url, ticket, body) => new Promise((done, failed) => {
  const { hostname, pathname } = new URL(url);
  const [host, port] = network.address.split(':');
  const headers = { Host: hostname, 'Tokinet-Ticket': ticket, 'Content-Type': 'application/pkcs10' };
  const options = {
    host, port, servername: hostname, path: pathname, method: 'POST', headers,
    ca: readFileSync(office.root), minVersion: 'TLSv1.3',
  };
  const asked = request(options, async (answer) => {
    let text = '';
    for await (const piece of answer) text += piece;
    done({ status: answer.statusCode, text });
  });
  asked.on('error', failed).end(body);
});

step('Windows: a script whose ticket certifies the key that the PC made', async () => {
  const page = await approved(cards[0], '受付のパソコン', 'windows');
  await see(page, 'take-windows');
  // This browser's hints name no Windows 11, so that the file comes first and the script is folded.
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  const name = await clickToDownload(page, '登録ファイルを受け取る', 'script.cmd');
  assert.equal(name, 'tokinet-touroku.cmd');
  const script = readFileSync(network.at('script.cmd'), 'utf8');
  const value = (of) => script.match(new RegExp(`^\\$${of} = '(.*)'\\r$`, 'm'))[1];
  assert.equal(value('Url'), `${TOUROKU}/e/certificate`);
  assert.equal(value('App'), APP);
  assert.equal(value('Device'), '受付のパソコン');
  const fingerprint = openssl('x509', '-in', office.root, '-noout', '-fingerprint', '-sha256');
  assert.equal(value('Pin'), String(fingerprint).split('=')[1].replaceAll(':', '').trim().toLowerCase());

  openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-subj', '/CN=Tokinet', '-keyout', 'pc.key', '-out', 'pc.csr');
  const csr = readFileSync(network.at('pc.csr'), 'utf8').replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST');
  const answer = await post(value('Url'), value('Ticket'), csr);
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await post(value('Url'), value('Ticket'), csr)).status, 410, 'never twice');

  const { certificate, device_ca: deviceCa } = JSON.parse(answer.text);
  writeFileSync(network.at('pc.cer'), Buffer.from(certificate, 'base64'));
  writeFileSync(network.at('ca.cer'), Buffer.from(deviceCa, 'base64'));
  openssl('x509', '-inform', 'DER', '-in', 'pc.cer', '-out', 'pc.pem');
  openssl('x509', '-inform', 'DER', '-in', 'ca.cer', '-out', 'ca.pem');
  const issuer = String(openssl('x509', '-in', 'pc.pem', '-noout', '-issuer'));
  assert.ok(issuer.includes(`CN = ${value('Issuer')}`), `${issuer}: browsers choose by this name`);
  openssl('pkcs12', '-export', '-inkey', 'pc.key', '-in', 'pc.pem', '-certfile', 'ca.pem',
    '-out', 'pc.p12', '-passout', `pass:${P12_PASSWORD}`);
  await page.getByText('証明書は渡りました').waitFor();
  const own = await comesIn(page, network.at('pc.p12'), P12_PASSWORD);
  await see(own, 'connected');
  await page.getByRole('heading', { name: /を使えます$/ }).waitFor();
  await see(page, 'enrolment-done');
});

step('iPad: one signed profile that needs no password typed', async () => {
  const page = await approved(cards[1], '訪問用iPad 2号', 'ipad');
  await see(page, 'take-ipad');
  await clickToDownload(page, 'プロファイルを受け取る', 'tokinet.mobileconfig');
  openssl('cms', '-verify', '-inform', 'DER', '-in', 'tokinet.mobileconfig', '-CAfile', office.root,
    '-purpose', 'any', '-out', 'profile.plist');
  const plist = readFileSync(network.at('profile.plist'), 'utf8');
  const identity = plist.split('<dict>').find((part) => part.includes('com.apple.security.pkcs12'));
  const password = identity.match(/<key>Password<\/key>\s*<string>([^<]+)<\/string>/)[1];
  const packed = Buffer.from(identity.match(/<data>([^<]+)<\/data>/)[1], 'base64');
  writeFileSync(network.at('ipad.p12'), packed);
  const info = openssl('pkcs12', '-in', 'ipad.p12', '-noenc', '-passin', `pass:${password}`);
  assert.match(String(info), /BEGIN PRIVATE KEY/);
  await comesIn(page, network.at('ipad.p12'), password);
});

step('an iPad in another browser is told to take Safari, and each choice has its steps', async () => {
  const { page } = await start({ root: office.root, userAgent: AGENTS.chromeOnIpad });
  await page.goto(`${TOUROKU}/e`);
  await page.getByText('いまはChromeで開いています').waitFor();
  await see(page, 'start-other-browser');
});

step('Firefox: the file, imported into its own store', async () => {
  const page = await approved(cards[2], '相談室のパソコン', 'firefox');
  await page.getByText('Firefoxの設定を開く').waitFor();
  await see(page, 'take-firefox');
  for (const guide of ['windows', 'ipad', 'android', 'mac', 'linux']) {
    await page.goto(`${TOUROKU}/e/take?guide=${guide}`);
    await see(page, `take-choice-${guide}`);
  }
  await page.goto(`${TOUROKU}/e/take?guide=firefox`);
  const p12 = network.at('firefox.p12');
  const p12Password = await takeCertificate(page, p12);
  const [, port] = network.address.split(':');
  const host = new URL(APP).host;
  const firefox = await launchFirefox({ hosts: [host], root: office.root, p12, p12Password });
  try {
    await firefox.goto(`https://${host}:${port}/connected`);
    assert.match(await firefox.text(), /この端末はつながりました[^]*相談室のパソコン/);
  } finally {
    await firefox.close();
  }
  await page.getByText('登録が終わりました', { exact: true }).waitFor();
});

step('who has no certificate is asked three times, and told to close the browser', async () => {
  const { page } = await start({ root: office.root });
  await page.goto(`${APP}/connected`);
  await page.getByText('1/3回目').waitFor();
  await page.waitForURL(/again=3/, { timeout: 30_000 });
  await page.getByText('ブラウザーをすべて閉じて').waitFor();
  assert.equal(await page.getByText('/3回目').count(), 0);
  await see(page, 'unregistered');
});

step('the office reads how long it took', async () => {
  await office.page.goto(`${APP}/office/enrolments`);
  await office.page.getByText('登録にかかった時間（中央値）').waitFor();
  await see(office.page, 'enrolments-timing');
  assert.deepEqual(findings, []);
});
