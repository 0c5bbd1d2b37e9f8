// The main job from nothing, over mutual TLS: a network is made, the office registers people and
// hands out cards, cards become devices, a nurse writes to a doctor and sees that it was read.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before } from 'node:test';

import {
  CAMERA, drawPhoto, fetchRange, hashOf, readCodes, readJpeg, writeVideo,
} from './files.mjs';
import { launch } from './lib.mjs';
import { look } from './look.mjs';
import {
  approve, askForDevice, choosePassword, issueCards, logIn, readCard, registerFacility,
  registerMember, takeCertificate, writeTo,
} from './people.mjs';
import { APP, OFFICE_CODE, TOUROKU, startNetwork, watchMemory } from './product.mjs';
import { step } from './steps.mjs';

const NURSE = {
  family: '藤田', given: 'さやか', kana: ['フジタ', 'サヤカ'], job: '看護師', userId: 'fujita02',
};
const DOCTOR = {
  family: '高橋', given: '文彦', kana: ['たかはし', 'ふみひこ'], job: '医師', userId: 'takahashi01',
};
const PASSWORDS = { office: 'hidamari-no-mado-1', nurse: 'aozora-no-michi-2', doctor: 'kawabe-no-ie-33' };
const SUBJECT = '架空　花子様の右かかとの創について';
const BODY = '架空　花子様（昭和15年3月4日生）\n右かかとの創は 2.0×1.5cm、浸出液は少なめです。';
const PHOTO = { width: 4000, height: 3000 };
const VIDEO_BYTES = 100 * 1024 * 1024;
const MEMORY_MIB_MAX = 64;

const open = [];
const findings = [];
let network;
let office;
let nurse;
let doctor;

const start = async (options) => {
  const browser = await launch({ hosts: network.hosts, ...options });
  open.push(browser);
  return browser;
};
const see = async (page, name) => findings.push(...await look(page, name));
const plain = (code) => code.replaceAll('-', '');
const cards = {};

before(async () => { network = await startNetwork(); });

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network.close();
});

step('the first PC of the office becomes a device and its administrator logs in', async () => {
  const device = await network.enrol(network.card, '事務室PC 1');
  const { fingerprint } = await network.ask(['status']);
  assert.equal(fingerprint, network.fingerprint);
  office = await start(device);
  office.root = device.root;
  const { password } = network.card;
  await logIn(office.page, APP, { facilityCode: OFFICE_CODE, userId: 'admin', password });
  await see(office.page, 'first-password');
  await office.page.goto(`${APP}/office`);
  assert.equal(new URL(office.page.url()).pathname, '/me/password', 'nothing comes before it');
  await choosePassword(office.page, password, PASSWORDS.office);
  await office.page.getByRole('heading', { name: '新着メールはありません' }).waitFor();
});

step('facilities and their staff are registered, and their cards are shown once', async () => {
  const { page } = office;
  const station = await registerFacility(page, APP, {
    code: '1569501016', kind: '訪問看護ステーション', name: 'みどり訪問看護ステーション',
    kana: 'みどりほうもんかんごすてーしょん',
  });
  await registerMember(page, station, NURSE);
  const clinic = await registerFacility(page, APP, {
    code: '1519503039', kind: '診療所', name: 'ひだまりクリニック', kana: 'ヒダマリクリニック',
  });
  await registerMember(page, clinic, DOCTOR);

  await issueCards(page, clinic, 'カード');
  const seen = await readCard(page, '高橋 文彦');
  await page.reload();
  await page.getByRole('heading', { name: 'カードを発行できませんでした' }).waitFor();
  for (const secret of [seen.secret, seen.password]) {
    assert.ok(!(await page.content()).includes(secret), 'the paper is shown once');
  }
  office.problems.length = 0;

  cards.doctor = await readPaper(clinic, '手紙', '高橋 文彦');
  cards.nurse = await readPaper(station, 'カード', '藤田 さやか');
  assert.equal(cards.nurse.userId, NURSE.userId);
});

// What stands on the paper, and that a copy of the copy still leads to the same place.
async function readPaper(facility, format, name) {
  const { page } = office;
  await issueCards(page, facility, format);
  const card = await readCard(page, name);
  await see(page, `paper-${format === 'カード' ? 'sheet' : 'letter'}`);
  const pdf = network.at('paper.pdf');
  await page.pdf({ path: pdf, preferCSSPageSize: true });
  const address = `${TOUROKU}/e#${plain(card.number)}.${plain(card.secret)}`;
  assert.deepEqual(readCodes(pdf, network.folder), [address]);
  return { ...card, address };
}

step('cards become devices: the office compares six digits and approves', async () => {
  await office.page.goto(`${APP}/office/enrolments`);
  nurse = await becomeDevice(cards.nurse, '訪問用タブレット 1', PASSWORDS.nurse);
  doctor = await becomeDevice(cards.doctor, '診察室PC', PASSWORDS.doctor);
  await office.page.getByText('登録完了').nth(2).waitFor();
  const took = await office.page.locator('td:last-child').allInnerTexts();
  console.log(`card to first contact, as the office sees it: ${took.slice(0, 2).join(', ')}`);
  await see(office.page, 'enrolments-done');
});

async function becomeDevice(card, name, password) {
  const began = performance.now();
  const stranger = await start({ root: office.root });
  if (name === '診察室PC') {
    await stranger.page.goto(`${TOUROKU}/e`);
    await see(stranger.page, 'touroku-start');
  }
  await office.page.evaluate(() => { globalThis.stillOpen = true; });
  const digits = await askForDevice(stranger.page, card.address, name);
  assert.ok(!stranger.page.url().includes('#'), 'the secret leaves the address');
  await see(stranger.page, 'touroku-wait');
  await office.page.getByLabel(`確認番号 ${digits}`).waitFor();
  assert.ok(await office.page.evaluate(() => globalThis.stillOpen), 'without a reload');
  await office.page.locator('.is-settling').waitFor({ state: 'detached' });
  await see(office.page, 'enrolments-waiting');
  await approve(office.page, digits);
  await stranger.page.getByRole('heading', { name: '承認されました' }).waitFor();
  await see(stranger.page, 'touroku-take');
  const p12 = network.at(`${name}.p12`);
  const p12Password = await takeCertificate(stranger.page, p12);
  await stranger.page.reload();
  await stranger.page.getByText('受け取り済みです').waitFor();
  assert.deepEqual(stranger.problems, []);

  const device = await start({ root: office.root, p12, p12Password });
  await logIn(device.page, APP, card);
  await choosePassword(device.page, card.password, password);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`card to working device, with pictures and axe: ${seconds} s`);
  await stranger.page.goto(`${TOUROKU}/e/wait`);
  await see(stranger.page, 'touroku-done');
  return device;
}

step('the nurse writes to the doctor, with a photo and a long video', async () => {
  const { page } = nurse;
  await doctor.page.goto(`${APP}/mail/inbox`);
  await writeTo(page, APP, 'かはし', '高橋 文彦');
  await page.getByLabel('件名').fill(SUBJECT);
  await page.getByLabel('本文').fill(BODY);
  await page.locator('[data-save-state]', { hasText: /\d に保存しました/ }).waitFor();
  await page.reload();
  assert.equal(await page.getByLabel('本文').inputValue(), BODY);

  const photo = await drawPhoto(office.page, PHOTO);
  writeFileSync(network.at('創部.jpg'), photo);
  assert.ok(readJpeg(photo).segments.includes(0xe1) && photo.includes(CAMERA));
  await page.locator('input[name=file]').setInputFiles(network.at('創部.jpg'));
  await page.locator('[data-attachments] li', { hasText: '創部.jpg' }).locator('img').waitFor();

  writeVideo(network.at('処置.mp4'), VIDEO_BYTES);
  const memory = watchMemory(network.pid);
  await page.locator('input[name=file]').setInputFiles(network.at('処置.mp4'));
  await page.locator('[data-attachments] li', { hasText: '処置.mp4' }).waitFor({ timeout: 90_000 });
  checkMemory('100 MiB up', memory.peak());

  await see(page, 'compose-full');
  await page.getByRole('button', { name: '確認へ進む' }).click();
  await page.getByRole('heading', { name: '送信の確認' }).waitFor();
  await see(page, 'confirm');
  await page.getByRole('button', { name: '1件の宛先に送信する' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/confirm'));
});

function checkMemory(name, { began, highest, grown }) {
  console.log(`${name}: server ${began.toFixed(1)} -> ${highest.toFixed(1)} MiB, +${grown.toFixed(1)}`);
  assert.ok(grown < MEMORY_MIB_MAX, `${name}: the server grew by ${grown.toFixed(1)} MiB`);
}

step('the doctor hears of it at once, and reads what was sent', async () => {
  const { page } = doctor;
  await page.locator('.toast', { hasText: '新着メール　藤田 さやか' }).waitFor();
  await page.locator('[data-unread]', { hasText: '1' }).waitFor();
  assert.match(await page.title(), /^\(1\) /);
  await see(page, 'arrival');
  await page.locator('.toast a', { hasText: '開く' }).click();
  await page.getByRole('heading', { name: SUBJECT }).waitFor();
  assert.ok((await page.locator('.letter-body').innerText()).includes('浸出液は少なめです。'));
  await see(page, 'letter');

  await save(page, '創部.jpg');
  const [sent, got] = ['創部.jpg', 'saved 創部.jpg'].map((name) => readFileSync(network.at(name)));
  assert.ok(!got.includes(CAMERA) && !got.includes('Exif'), 'the place and the camera are gone');
  assert.deepEqual(readJpeg(got).size, PHOTO);
  assert.ok(readJpeg(got).picture.equals(readJpeg(sent).picture), 'no pixel has changed');

  const memory = watchMemory(network.pid);
  await save(page, '処置.mp4');
  checkMemory('100 MiB down', memory.peak());
  const [up, down] = ['処置.mp4', 'saved 処置.mp4'].map((name) => hashOf(network.at(name)));
  assert.equal(await down, await up);
  await checkRange(page);
});

async function save(page, name) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator(`a[download="${name}"]`).click(),
  ]);
  await download.saveAs(network.at(`saved ${name}`));
}

async function checkRange(page) {
  const [from, to] = [70_000_001, 70_000_100];
  const href = await page.locator('a[download="処置.mp4"]').getAttribute('href');
  const answer = await fetchRange(page, href, from, to);
  assert.equal(answer.status, 206);
  assert.equal(answer.range, `bytes ${from}-${to}/${VIDEO_BYTES}`);
  const expected = readFileSync(network.at('処置.mp4')).subarray(from, to + 1);
  assert.ok(expected.equals(answer.bytes));
}

step('the nurse sees when it was opened, and nothing went wrong on any page', async () => {
  const { page } = nurse;
  await page.goto(`${APP}/mail/sent`);
  await page.getByRole('link', { name: SUBJECT }).click();
  const receipt = page.locator('.receipts tbody tr');
  await receipt.getByText('開封済').waitFor();
  assert.match(await receipt.locator('time').innerText(), /\d{1,2}:\d{2}/);
  await see(page, 'receipt');
  for (const browser of [office, nurse, doctor]) assert.deepEqual(browser.problems, []);
  assert.deepEqual(findings, []);
});

step('no secret and no patient stands in the log or on the disk', () => {
  const secrets = [network.card, cards.nurse, cards.doctor].flatMap(
    ({ secret, password }) => [secret, password].flatMap((code) => [code, plain(code)]),
  );
  const words = [...secrets, ...Object.values(PASSWORDS), SUBJECT, NURSE.family, CAMERA];
  assert.deepEqual(network.leaks(words), []);
});
