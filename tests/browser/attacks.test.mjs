// What somebody tries who found a card, stole a cookie, kept a lost tablet, or knows addresses.

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { after, before } from 'node:test';

import { launch } from './lib.mjs';
import { makeAuthority } from './material.mjs';
import { choosePassword, logIn, writeTo } from './people.mjs';
import { APP, OFFICE_CODE, TOUROKU, startNetwork } from './product.mjs';
import { step } from './steps.mjs';

const STATION = '1569501016';
const CLINIC = '1519503039';
const COOKIE = '__Host-tokinet';
const PASSWORD = 'kumo-to-ame-no-hi-7';
const SUBJECT = '架空　次郎様の訪問日について';

const open = [];
const credentials = {};
const cards = {};
let network;
let root;
let office;
let nurse;
let doctor;

const start = async (options) => {
  const browser = await launch({ hosts: network.hosts, root, ...options });
  open.push(browser);
  return browser;
};

before(async () => {
  network = await startNetwork();
  const add = (...words) => network.ask(['facility', 'add', ...words]);
  await add(STATION, 'home_nursing', 'みどり訪問看護', 'ミドリホウモンカンゴ');
  await add(CLINIC, 'clinic', 'ひだまりクリニック', 'ヒダマリクリニック');
  await register(STATION, 'fujita02', '藤田', 'フジタ', 'nurse');
  await register(CLINIC, 'takahashi01', '高橋', 'タカハシ', 'doctor');
  cards.office = network.card;
  office = await device('office', '事務室PC 1', OFFICE_CODE, 'admin');
  nurse = await device('nurse', '訪問用タブレット 1', STATION, 'fujita02');
  doctor = await device('doctor', '診察室PC', CLINIC, 'takahashi01');
});

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network.close();
});

async function register(facility, login, family, kana, job) {
  await network.ask(['member', 'add', facility, login, '--name', family, 'みどり',
    '--kana', kana, 'ミドリ', '--job', job]);
}

async function issue(facility, login) {
  const card = await network.ask(['card', 'issue', facility, login, '--without-approval']);
  return { number: card.card, secret: card.secret, password: card.initial_password };
}

async function device(role, name, facilityCode, userId) {
  cards[role] ??= await issue(facilityCode, userId);
  const files = await network.enrol(cards[role], name);
  root = files.root;
  const browser = await start(files);
  const { password } = cards[role];
  await logIn(browser.page, APP, { facilityCode, userId, password });
  await choosePassword(browser.page, password, PASSWORD);
  credentials[role] = { facilityCode, userId, password: PASSWORD };
  return browser;
}

step('a browser without a certificate sees one page and nothing of the product', async () => {
  const stranger = await start({});
  for (const path of ['/', '/login', '/mail/inbox', '/office', '/live', '/nowhere']) {
    const answer = await stranger.page.goto(APP + path);
    assert.equal(answer.status(), 401, path);
    await stranger.page.getByText('未登録端末', { exact: true }).waitFor();
    assert.equal(await stranger.page.locator('form, input').count(), 0, path);
  }
});

step('a certificate of another authority does not get as far as that', async () => {
  const other = makeAuthority();
  const { key, certificate } = other.client('forged');
  await assert.rejects(
    ask(APP, '/', { key: readFileSync(key), cert: readFileSync(certificate) }),
    /alert|ECONNRESET|socket hang up/i,
  );
  rmSync(other.folder, { recursive: true });
});

// It stays open for the ten minutes in which a new device's page hears that it is connected; that
// it closes then is tested with a clock.
step('the enrolment host has its own pages and nothing of the product', async () => {
  assert.equal((await ask(TOUROKU, '/e')).status, 200);
  for (const path of ['/login', '/mail/inbox', '/office', '/live', '/connected']) {
    assert.equal((await ask(TOUROKU, path)).status, 404, path);
  }
});

step('a used card is worth nothing, and of two hands on one card one wins', async () => {
  const card = await issue(STATION, 'fujita02');
  assert.equal((await redeem(cards.nurse)).status, 422, 'used');
  assert.equal((await redeem({ ...card, secret: cards.nurse.secret })).status, 422, 'mixed');
  const tries = await Promise.all([redeem(card), redeem(card), redeem(card)]);
  assert.deepEqual(tries.map(({ status }) => status).sort(), [200, 422, 422]);
});

step('behind the enrolment host there is no product', async () => {
  for (const path of ['/login', '/mail/inbox', '/office', '/live']) {
    assert.equal((await ask(TOUROKU, path)).status, 404, path);
  }
  const crossed = await ask(TOUROKU, '/login', { headers: { host: new URL(APP).host } });
  assert.equal(crossed.status, 421);
});

step('a stolen cookie is worth nothing on another device', async () => {
  const [cookie] = (await nurse.context.cookies()).filter(({ name }) => name === COOKIE);
  assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict');
  const [own] = (await doctor.context.cookies()).filter(({ name }) => name === COOKIE);
  await doctor.context.addCookies([cookie]);
  await doctor.page.goto(`${APP}/mail/inbox`);
  assert.equal(new URL(doctor.page.url()).pathname, '/login');
  assert.ok(!(await doctor.page.content()).includes('藤田'));
  await doctor.context.addCookies([own]);
});

step('a right password on the device of another facility is a wrong one', async () => {
  const said = [];
  for (const who of [
    credentials.nurse,
    { ...credentials.doctor, password: 'not the password' },
    { ...credentials.office },
  ]) {
    await doctor.page.goto(`${APP}/login`);
    await doctor.page.getByLabel('医療機関コード', { exact: true }).fill(who.facilityCode);
    await doctor.page.getByLabel('利用者ID').fill(who.userId);
    await doctor.page.getByLabel('パスワード').fill(who.password);
    await doctor.page.getByRole('button', { name: 'ログインする' }).click();
    said.push(await doctor.page.getByRole('alert').innerText());
  }
  assert.equal(new Set(said).size, 1, 'one answer to every cause');
});

step('the office reads nobody\'s mail, and nobody the office\'s pages', async () => {
  await logIn(doctor.page, APP, credentials.doctor);
  await writeTo(nurse.page, APP, 'たかはし', '高橋');
  await nurse.page.getByLabel('件名').fill(SUBJECT);
  await nurse.page.getByLabel('本文').fill('金曜日に変えられますか。');
  await nurse.page.getByRole('button', { name: '確認へ進む' }).click();
  await nurse.page.getByRole('button', { name: '1件の宛先に送信する' }).click();
  await nurse.page.waitForURL((url) => !url.pathname.endsWith('/confirm'));
  await doctor.page.goto(`${APP}/mail/inbox`);
  await doctor.page.getByRole('link', { name: SUBJECT }).click();
  await doctor.page.getByRole('heading', { name: SUBJECT }).waitFor();
  const mail = doctor.page.url();
  for (const address of [mail, `${mail}/print`, `${mail}/files/0`]) {
    const answer = await office.page.goto(address);
    assert.equal(answer.status(), 404, address);
    assert.ok(!(await office.page.content()).includes('架空'), address);
  }
  for (const path of ['/office', '/office/members', '/office/cards', '/trail']) {
    assert.equal((await doctor.page.goto(APP + path)).status(), 404, path);
  }
});

step('a revoked device is cut off while its inbox is open', async () => {
  const { page } = nurse;
  const live = page.waitForResponse((answer) => answer.url().endsWith('/live'));
  await page.goto(`${APP}/mail/inbox`);
  await live;
  await office.page.goto(`${APP}/office/devices`);
  const row = office.page.getByRole('row', { name: '訪問用タブレット 1' });
  await row.getByRole('link', { name: '失効する' }).click();
  await office.page.getByText('つながっています').waitFor();

  // The end of its session may reach the stream before the cut of its connection does.
  const ofStream = (asked) => asked.url().endsWith('/live');
  const ends = ['requestfailed', 'requestfinished'];
  const died = Promise.any(ends.map((end) => page.waitForEvent(end, ofStream)));
  const began = performance.now();
  await office.page.getByRole('button', { name: '失効する' }).click();
  await died;
  const cutAfter = performance.now() - began;
  const flash = await office.page.locator('.flash').innerText();
  assert.match(flash, /失効しました。接続中 [1-9]\d* 件を切断しました/);
  console.log(`from the click to the end of the live stream: ${cutAfter.toFixed(0)} ms; ${flash.trim()}`);
  await page.locator('#line', { hasText: '接続が終わりました' }).waitFor();

  const answer = await page.goto(`${APP}/mail/inbox`);
  assert.equal(answer.status(), 401);
  await page.getByRole('heading', { name: 'この端末の登録は取り消されています' }).waitFor();
  assert.ok(!(await page.content()).includes('藤田'));
});

/** A request past every browser; answers status and text. */
function ask(origin, path, { headers = {}, ...options } = {}, body = '') {
  const { host } = new URL(origin);
  const [address, port] = network.address.split(':');
  const asked = {
    host: address,
    port,
    path,
    servername: host,
    headers: { accept: 'application/json', host, ...headers },
    ca: readFileSync(root),
    agent: false,
    ...options,
  };
  return new Promise((done, failed) => {
    const going = request(asked, (answer) => {
      let text = '';
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => done({ status: answer.statusCode, text }));
    });
    going.on('error', failed);
    going.end(body);
  });
}

function redeem({ number, secret }) {
  const form = { card: number, secret, name: '知らない端末', platform: 'linux', form: 'request' };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return ask(TOUROKU, '/e', { method: 'POST', headers }, `${new URLSearchParams(form)}`);
}
