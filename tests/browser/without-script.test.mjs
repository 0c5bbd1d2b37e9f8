// The whole work of a mail with scripts switched off: every step is a page and a form.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { launch, screenshot } from './lib.mjs';
import { logIn } from './people.mjs';
import { startTry } from './product.mjs';
import { step } from './steps.mjs';

const SUBJECT = '架空　三郎様の退院日について';
const BODY = '退院は来週の月曜日です。\n訪問の開始を相談させてください。';

let folder;
let network;
let nurse;
let doctor;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokinet-attached-'));
  network = await startTry();
  const start = () => launch({ hosts: network.hosts, javaScript: false });
  [nurse, doctor] = await Promise.all([start(), start()]);
});

after(async () => {
  await Promise.all([nurse, doctor].map((browser) => browser?.close()));
  await network.close();
  rmSync(folder, { recursive: true });
});

const press = (page, name) => page.getByRole('button', { name }).click();

step('log in, find a recipient, write and attach', async () => {
  const { page } = nurse;
  const { nurse: who } = network.people;
  await logIn(page, who.site, who);
  await page.getByRole('heading', { level: 1, name: '新着メール' }).waitFor();
  await press(page, 'メールを書く');
  await page.getByLabel('件名').fill(SUBJECT);
  await page.getByLabel('宛先を検索').fill('たかはし ふみ');
  await press(page, '検索');
  await press(page, /宛先に追加.*文彦/);
  await page.locator('.to').getByText('文彦').waitFor();
  assert.equal(await page.getByLabel('件名').inputValue(), SUBJECT, 'the search keeps what is typed');

  await page.getByLabel('本文').fill(BODY);
  writeFileSync(join(folder, '経過.txt'), '体温 36.5 度\n');
  await page.locator('input[name=file]').setInputFiles(join(folder, '経過.txt'));
  await press(page, '選んだファイルを添付に加える');
  await page.locator('[data-attachments]').getByText('経過.txt').waitFor();
  assert.equal(await page.getByLabel('本文').inputValue(), BODY, 'and so does a file');
  await screenshot(page, 'without-script-compose');
});

step('save the draft, come back to it, confirm and send', async () => {
  const { page } = nurse;
  await press(page, '下書きを保存する');
  await page.getByText(/\d に保存しました/).waitFor();
  await page.goto(`${network.people.nurse.site}/mail/drafts`);
  await page.getByRole('link', { name: SUBJECT }).click();
  await press(page, '確認へ進む');
  await page.getByRole('heading', { name: '送信の確認' }).waitFor();
  await page.getByText('経過.txt').waitFor();
  await press(page, '1件の宛先に送信する');
  await page.goto(`${network.people.nurse.site}/mail/sent`);
  await page.getByRole('link', { name: SUBJECT }).click();
  await page.locator('.receipts').getByText('未開封').waitFor();
});

step('read, save what is attached, reply', async () => {
  const { page } = doctor;
  const { doctor: who } = network.people;
  await logIn(page, who.site, who);
  await page.goto(`${who.site}/mail/inbox`);
  await page.getByRole('link', { name: SUBJECT }).click();
  await page.locator('.letter-body').getByText('訪問の開始を相談').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('a[download="経過.txt"]').click(),
  ]);
  await download.saveAs(join(folder, 'saved.txt'));
  assert.equal(readFileSync(join(folder, 'saved.txt'), 'utf8'), '体温 36.5 度\n');
  await page.getByRole('button', { name: '返信', exact: true }).click();
  await page.getByLabel('本文').fill('月曜日の午後でお願いします。');
  await press(page, '確認へ進む');
  await press(page, '1件の宛先に送信する');

  await nurse.page.reload();
  await nurse.page.locator('.receipts').getByText('返信済').waitFor();
});

step('into the bin, out of it, and away', async () => {
  const { page } = nurse;
  const { site } = network.people.nurse;
  const answer = page.locator('.row', { hasText: `Re: ${SUBJECT}` });
  await page.goto(`${site}/mail/inbox`);
  await answer.click();
  await page.locator('.toolbar summary', { hasText: 'その他' }).click();
  await press(page, 'ごみ箱へ');
  await page.goto(`${site}/mail/inbox`);
  assert.equal(await answer.count(), 0);
  await page.goto(`${site}/mail/bin`);
  await answer.click();
  await screenshot(page, 'without-script-bin');
  await page.locator('.toolbar').getByRole('button', { name: '元に戻す' }).click();
  await page.getByText('メールを元に戻しました').waitFor();
  await page.goto(`${site}/mail/inbox`);
  await answer.waitFor();

  await press(page, 'ログアウト');
  await page.getByRole('button', { name: 'ログインする' }).waitFor();
  await page.goto(`${site}/mail/inbox`);
  assert.equal(new URL(page.url()).pathname, '/login');
  for (const browser of [nurse, doctor]) assert.deepEqual(browser.problems, []);
});
