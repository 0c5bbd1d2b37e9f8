// Devices beyond the first card, over mutual TLS: a code on the own screen brings a second one, a
// third takes its place, and a lost one is cut off by its owner, all without the office's paper.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before } from 'node:test';

import { launch } from './lib.mjs';
import { look } from './look.mjs';
import {
  approve, askForDevice, choosePassword, issueCards, logIn, readCard, registerFacility,
  registerMember, takeCertificate,
} from './people.mjs';
import { APP, OFFICE_CODE, TOUROKU, startNetwork } from './product.mjs';
import { step } from './steps.mjs';

const NURSE = {
  family: '藤田', given: 'さやか', kana: ['フジタ', 'サヤカ'], job: '看護師', userId: 'fujita02',
};
const PASSWORDS = { office: 'hidamari-no-mado-1', nurse: 'aozora-no-michi-2' };

const open = [];
const findings = [];
const see = async (page, name) => findings.push(...await look(page, name));
let network;
let office;
let first;
let second;
let third;
let card;

const start = async (options) => {
  const browser = await launch({ hosts: network.hosts, ...options });
  open.push(browser);
  return browser;
};
const nurse = () => ({ ...card, password: PASSWORDS.nurse });

before(async () => { network = await startNetwork(); });

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network.close();
});

step('the office and a nurse have their first devices', async () => {
  const device = await network.enrol(network.card, '事務室PC 1');
  office = await start(device);
  office.root = device.root;
  const { password } = network.card;
  await logIn(office.page, APP, { facilityCode: OFFICE_CODE, userId: 'admin', password });
  await choosePassword(office.page, password, PASSWORDS.office);
  const station = await registerFacility(office.page, APP, {
    code: '1569501016', kind: '訪問看護ステーション', name: 'みどり訪問看護ステーション',
    kana: 'みどりほうもんかんごすてーしょん',
  });
  await registerMember(office.page, station, NURSE);
  await issueCards(office.page, station, 'カード');
  card = await readCard(office.page, '藤田 さやか');
  const plain = (code) => code.replaceAll('-', '');
  const address = `${TOUROKU}/e#${plain(card.number)}.${plain(card.secret)}`;
  await office.page.goto(`${APP}/office/enrolments`);
  first = await becomeDevice(address, '受付のタブレット', (digits) => approve(office.page, digits));
  await logIn(first.page, APP, card);
  await choosePassword(first.page, card.password, PASSWORDS.nurse);
});

// From an address to a browser that holds the certificate.
async function becomeDevice(address, name, compare) {
  const stranger = await start({ root: office.root });
  const digits = await askForDevice(stranger.page, address, name);
  await compare(digits);
  const p12 = network.at(`${name}.p12`);
  const p12Password = await takeCertificate(stranger.page, p12);
  return start({ root: office.root, p12, p12Password });
}

/** Shows a code and answers what a camera reads from the picture on the page. */
async function showCode(page, button, picture) {
  await page.goto(`${APP}/me/devices`);
  await page.getByRole('button', { name: button }).click();
  const code = page.locator('.code-qr');
  await code.locator('svg').waitFor();
  const file = network.at(`${picture}.png`);
  await code.screenshot({ path: file });
  const read = execFileSync('zbarimg', ['--quiet', '--raw', file], { encoding: 'utf8' }).trim();
  const [number, secret] = await page.locator('.code-symbols').allInnerTexts();
  assert.equal(read, `${TOUROKU}/e#${number}.${secret}`.replaceAll('-', ''));
  await see(page, picture);
  return read;
}

step('a code on the own screen brings a second device, and the password stays', async () => {
  const began = performance.now();
  const { page } = first;
  const address = await showCode(page, '追加のコードを出す', 'code-add');
  second = await becomeDevice(address, '訪問用タブレット 2', async (digits) => {
    await page.getByLabel(`確認番号 ${digits}`).waitFor();
    await page.locator('.is-settling').waitFor({ state: 'detached' });
    await see(page, 'code-waiting');
    await approve(page, digits);
  });
  await logIn(second.page, APP, nurse());
  await second.page.getByRole('heading', { name: '新着メールはありません' }).waitFor();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`code to working second device, with pictures and axe: ${seconds} s`);
  await page.goto(`${APP}/`);
  await page.locator('.flash', { hasText: '訪問用タブレット 2' }).waitFor();
  await see(page, 'news-banner');
  await page.getByRole('link', { name: '確かめる' }).click();
  await see(page, 'news');
  await page.getByRole('button', { name: 'わたしが登録しました' }).click();
  await page.getByText('確認しました').waitFor();
});

step('the replaced device works until its successor is seen, and ends then', async () => {
  const address = await showCode(second.page, '入れ替えのコードを出す', 'code-replace');
  third = await becomeDevice(address, '訪問用タブレット 3', async (digits) => {
    await second.page.getByLabel(`確認番号 ${digits}`).waitFor();
    await second.page.locator('.is-settling').waitFor({ state: 'detached' });
    await approve(second.page, digits);
  });
  assert.equal((await second.page.goto(`${APP}/mail/inbox`)).status(), 200, 'both until then');
  await logIn(third.page, APP, nurse());
  const answer = await second.page.goto(`${APP}/mail/inbox`);
  assert.equal(answer.status(), 401);
  await third.page.locator('.flash', { hasText: '入れ替わり' }).waitFor();
});

step('a lost device is cut off by its owner while its page is open', async () => {
  const live = third.page.waitForResponse((answer) => answer.url().endsWith('/live'));
  await third.page.goto(`${APP}/mail/inbox`);
  await live;
  const { page } = first;
  await page.goto(`${APP}/me/devices`);
  await see(page, 'me-devices-three');
  const row = page.getByRole('row', { name: '訪問用タブレット 3' });
  await row.getByRole('link', { name: 'なくした・盗まれた' }).click();
  await see(page, 'me-lost');
  const ofStream = (asked) => asked.url().endsWith('/live');
  const ends = ['requestfailed', 'requestfinished'];
  const died = Promise.any(ends.map((end) => third.page.waitForEvent(end, ofStream)));
  const began = performance.now();
  await page.getByRole('button', { name: 'なくした・盗まれた' }).click();
  await died;
  const cutAfter = performance.now() - began;
  const flash = await page.locator('.flash', { hasText: '失効しました' }).innerText();
  assert.match(flash, /失効しました。接続中 [1-9]\d* 件を切断しました/);
  console.log(`from the click to the end of the stream: ${cutAfter.toFixed(0)} ms; ${flash.trim()}`);
  assert.equal((await third.page.goto(`${APP}/`)).status(), 401);
  await office.page.goto(`${APP}/office`);
  await office.page.getByRole('heading', { name: '確かめる端末' }).waitFor();
  await see(office.page, 'desk-alarm');
  await office.page.getByRole('button', { name: '対応した' }).click();
  await office.page.getByText('対応済みにしました').waitFor();
});

step('the next log-in asks for another password', async () => {
  const { page } = first;
  await page.getByRole('button', { name: 'ログアウト' }).click();
  await logIn(page, APP, nurse());
  assert.equal(new URL(page.url()).pathname, '/me/password');
  await see(page, 'password-demanded');
  assert.deepEqual(findings, []);
});
