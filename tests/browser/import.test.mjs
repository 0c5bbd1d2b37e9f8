// A real network's list in the page: forty mistakes by line, then five thousand members, with a
// bar that moves.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { launch } from './lib.mjs';
import { choosePassword, logIn } from './people.mjs';
import { APP, OFFICE_CODE, startNetwork } from './product.mjs';
import { step } from './steps.mjs';

const PASSWORD = 'hidamari-no-mado-1';
const FACILITIES = 200;
const MEMBERS = 5_000;

let network;
let desk;

const code = (number) => `1519${String(number).padStart(5, '0')}0`;

function facilities() {
  const rows = Array.from({ length: FACILITIES }, (_, n) => `${code(n)},診療所,第${n}医院,ダイ,000-0000-0000`);
  return ['医療機関コード,種別,施設名,ふりがな,電話番号', ...rows].join('\r\n');
}

function members(spoil = () => null) {
  const rows = Array.from({ length: MEMBERS }, (_, n) => spoil(n)
    ?? `${code(n % FACILITIES)},m${String(n).padStart(5, '0')},高橋,花${n},タカハシ,ハナ,看護師`);
  return ['医療機関コード,利用者ID,姓,名,セイ,メイ,職種', ...rows].join('\r\n');
}

async function choose(text, name) {
  await desk.page.goto(`${APP}/office/import`);
  const file = { name, mimeType: 'text/csv', buffer: Buffer.from(text) };
  await desk.page.locator('#f-file').setInputFiles(file);
  await desk.page.getByRole('button', { name: '中身を確かめる' }).click();
  await desk.page.waitForURL(/\/check/);
}

before(async () => { network = await startNetwork(); });

after(async () => {
  await desk?.close();
  await network.close();
});

step('the office takes its facilities in', async () => {
  desk = await launch({ hosts: network.hosts, ...await network.enrol(network.card, '事務室PC 1') });
  const admin = { facilityCode: OFFICE_CODE, userId: 'admin', password: network.card.password };
  await logIn(desk.page, APP, admin);
  await choosePassword(desk.page, network.card.password, PASSWORD);
  await choose(facilities(), '施設.csv');
  await desk.page.getByRole('button', { name: '取り込む', exact: true }).click();
  await desk.page.getByText(`新しい${FACILITIES}件`).waitFor();
});

step('forty mistakes are named by line and nothing is taken in', async () => {
  await choose(members((n) => (n % 125 === 7 ? `${code(n % FACILITIES)},m${n},高橋,花,,ハナ,看護` : null)), '職員.csv');
  await desk.page.getByText('まちがいのある行').waitFor();
  assert.equal(await desk.page.locator('.number', { hasText: 'まちがいのある行' }).locator('b').innerText(), '40行');
  assert.equal(await desk.page.getByRole('button', { name: '取り込む', exact: true }).count(), 0);
});

step('the bar moves while five thousand members come', async () => {
  await choose(members(), '職員.csv');
  await desk.page.evaluate(() => {
    const seen = [];
    const look = () => {
      const bar = document.querySelector('.list-progress progress');
      const words = document.querySelector('.list-progress [role=status]')?.textContent;
      if (words) seen.push(`${bar.position.toFixed(2)} ${words}`);
      localStorage.setItem('seen', JSON.stringify([...new Set(seen)]));
      setTimeout(look, 50);
    };
    look();
  });
  await desk.page.getByRole('button', { name: '取り込む', exact: true }).click();
  await desk.page.getByText(`新しい${MEMBERS}件`).waitFor();
  const seen = JSON.parse(await desk.page.evaluate(() => localStorage.getItem('seen')));
  const moved = seen.filter((one) => /^0\.\d+ .*／5,000行$/.test(one));
  assert.ok(moved.length >= 1, `a bar with numbers: ${seen.join(' | ')}`);
  assert.equal((await network.ask(['status'])).members, MEMBERS + 1);
});
