// The main job from nothing, over mutual TLS: a network is made, the office registers people and
// hands out cards, cards become devices, a nurse writes to a doctor and sees that it was read.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import {
  CAMERA, drawPhoto, hashOf, readCodes, readJpeg, writeVideo,
} from './files.mjs';
import { launch } from './lib.mjs';
import { look } from './look.mjs';
import {
  approve, askForDevice, choosePassword, issueCards, logIn, readCard, registerFacility,
  registerMember, takeCertificate, writeTo,
} from './people.mjs';
import { APP, OFFICE_CODE, TOUROKU, startNetwork, watchMemory } from './product.mjs';

const NURSE = {
  family: '藤田', given: 'さやか', kana: ['フジタ', 'サヤカ'], job: '看護師', userId: 'fujita02',
};
const DOCTOR = {
  family: '高橋', given: '文彦', kana: ['たかはし', 'ふみひこ'], job: '医師', userId: 'takahashi01',
};
const PASSWORDS = { office: 'hidamari-no-mado-1', nurse: 'aozora-no-michi-2', doctor: 'kawabe-no-ie-33' };
const SUBJECT = '架空　花子様の右かかとの創について';
const BODY = '架空　花子様（昭和15年3月4日生）\n右かかとの創は 2.0×1.5cm、浸出液は少なめです。\n動画は処置の様子です。';
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
const cards = {};

before(async () => { network = await startNetwork(); });

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network.close();
});

test('the first PC of the office becomes a device and its administrator logs in', async () => {
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

test('facilities and their staff are registered, and their cards are shown once', async () => {
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

  await issueCards(page, clinic, '名刺');
});
