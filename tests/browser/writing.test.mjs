// Writing as fast as hands are: people close at hand, groups, set phrases, a mailbox's name, and
// the whole way from the inbox to a sent mail and back without a mouse.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { logIn } from './people.mjs';
import { startTry } from './product.mjs';
import { step } from './steps.mjs';

const SUBJECT = '架空　四郎様の訪問日について';

let network;
let nurse;
let doctor;
const findings = [];

const start = async (role, options = {}) => {
  const browser = await launch({ hosts: network.hosts, ...options });
  const who = network.people[role];
  await logIn(browser.page, who.site, who);
  return { ...browser, site: who.site };
};
const see = async (page, name) => findings.push(...await look(page, name));

before(async () => {
  network = await startTry();
  nurse = await start('nurse');
  doctor = await start('doctor');
});

after(async () => {
  await Promise.all([nurse, doctor].map((browser) => browser?.close()));
  await network.close();
});

const focused = (page) => page.evaluate(() => {
  const { tagName, id, name, value, innerText } = document.activeElement;
  return `${tagName} ${id || name || ''} ${value ?? ''} ${innerText ?? ''}`;
});

// As far as a hand on the Tab key goes.
async function tabTo(page, words) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if (words.test(await focused(page))) return;
  }
  throw new Error(`Tab never comes to ${words}`);
}

const saved = (page) => page.locator('[data-save-state]', { hasText: /\d に保存しました/ }).waitFor();

step('without a mouse: from the inbox to a favourite, a phrase, the last look, and sent', async () => {
  const { page, site } = nurse;
  await page.goto(`${site}/mail/inbox`);
  await page.keyboard.press('c');
  await page.getByRole('heading', { name: 'メールを書く' }).waitFor();
  assert.match(await focused(page), /INPUT q/, 'the search for recipients is ready');
  await tabTo(page, /^BUTTON add .*髙橋 文彦|^BUTTON add .*高橋 文彦/s);
  await page.keyboard.press('Enter');
  await page.locator('.to').getByText('文彦').waitFor();
  assert.match(await focused(page), /INPUT q/, 'and again for the next one');
  await tabTo(page, /INPUT subject/);
  await page.keyboard.type(`${SUBJECT}c?e`);
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  assert.equal(await page.locator('#subject').inputValue(), SUBJECT, 'letters are only letters');
  await tabTo(page, /TEXTAREA body/);
  await page.keyboard.type('前の行');
  await tabTo(page, /^BUTTON insert .*はじめのあいさつ/s);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#body').value.includes('藤田'));
  const body = await page.locator('#body').inputValue();
  assert.match(body, /^前の行\n.*文彦 先生\n\nいつも大変お世話になっております。.*こもれび橋の藤田 さやかです。/s);
  assert.match(await focused(page), /TEXTAREA body/);
  await page.keyboard.type('来週うかがいます。');
  await saved(page);
  await page.keyboard.press('Control+Enter');
  await page.getByRole('heading', { name: '送信の確認' }).waitFor();
  await see(page, 'writing-confirm');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(/\/mail\/sent/);
});

step('and back: j and Enter open, s stars, u leads back to the row', async () => {
  const { page } = nurse;
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: SUBJECT }).waitFor();
  const mail = new URL(page.url()).pathname;
  await page.keyboard.press('s');
  await page.getByText('星を付けました').waitFor();
  assert.equal(new URL(page.url()).pathname, mail);
  await page.keyboard.press('u');
  await page.waitForURL(/\/mail\/sent$/);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), mail);
});

step('keys on a list: x chooses, e deals with, the focus stays', async () => {
  const { page, site } = doctor;
  await page.goto(`${site}/mail/inbox`);
  await page.keyboard.press('j');
  const first = await page.evaluate(() => document.activeElement.getAttribute('href'));
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  assert.equal(await page.locator('.row-choose :checked').count(), 2);
  await see(page, 'writing-chosen');
  await page.keyboard.press('e');
  await page.getByText('2件を対応済にしました').waitFor();
  assert.equal(await page.locator(`.row[href="${first}"]`).count(), 0);
  assert.ok(await page.evaluate(() => document.activeElement.matches('.row')), 'on the next row');
});

step('keys are silent while an input method composes, and when they are switched off', async () => {
  const { page, site } = doctor;
  await page.goto(`${site}/mail/inbox`);
  const at = page.url();
  await page.evaluate(() => document.body.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'c', isComposing: true, bubbles: true })));
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await see(page, 'writing-keys');
  await page.locator('[data-keys-on]').uncheck();
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  await page.keyboard.press('c');
  await page.keyboard.press('j');
  assert.equal(page.url(), at);
  assert.ok(!await page.evaluate(() => document.activeElement.matches('.row')));
});

step('a group becomes its people; whoever left is named', async () => {
  const { page, site } = nurse;
  await page.goto(`${site}/mail/inbox`);
  await page.getByRole('button', { name: 'メールを書く' }).click();
  await see(page, 'writing-at-hand');
  await page.locator('.picks.is-groups button', { hasText: '訪看こもれび橋の全員' }).click();
  await page.locator('.to li').nth(2).waitFor();
  assert.equal(await page.locator('.to li').count(), 3);
  await page.getByText(/木村 静江（看護師） には、退職・停止のため送れません/).waitFor();
  await page.locator('#subject').fill('次回の打ち合わせ');
  await page.locator('#body').fill('資料を添付します。');
  await page.locator('#sender').selectOption({ label: '訪問看護 連絡窓口　として送る' });
  await saved(page);
  await see(page, 'writing-group');
  await page.getByRole('button', { name: '確認へ進む' }).click();
  await page.getByText('宛先グループ「訪看こもれび橋の全員」から').waitFor();
  await page.getByText('ファイルが付いていません').waitFor();
  await page.getByRole('heading', { name: '差出人' }).waitFor();
  await see(page, 'writing-group-confirm');
  await page.getByRole('button', { name: '3件の宛先に送信する' }).click();
  await page.waitForURL(/\/mail\/sent/);
  await page.locator('.row', { hasText: '次回の打ち合わせ' }).first().waitFor();
});

step('what is typed before the scripts come is searched for and saved', async () => {
  const { page, site } = doctor;
  let come;
  const slow = new Promise((done) => { come = done; });
  await page.goto(`${site}/mail/inbox`);
  await page.route(/\/autosave\.js$/, async (route) => { await slow; await route.continue(); });
  await page.locator('.side-write').click({ noWaitAfter: true });
  await page.waitForURL(/\/drafts\//, { waitUntil: 'commit' });
  await page.getByLabel('宛先を検索').fill('しみず');
  await page.locator('#subject').fill('早く書いた件名');
  assert.equal(await page.locator('.found').count(), 0);
  come();
  await page.locator('.found li', { hasText: '清水' }).waitFor();
  await saved(page);
  await page.unroute(/\/autosave\.js$/);
});

step('a letter thrown away is taken back', async () => {
  const { page } = nurse;
  await page.keyboard.press('c');
  await page.locator('#subject').fill('あとで消す');
  await saved(page);
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: '下書きを破棄' }).click();
  await page.getByRole('button', { name: '破棄を取り消して続きを書く' }).click();
  await page.locator('#subject').waitFor();
  assert.equal(await page.locator('#subject').inputValue(), 'あとで消す');
});

step('a star is given in the search and offered the next time', async () => {
  const { page } = nurse;
  await page.getByLabel('宛先を検索').fill('しみず');
  await page.locator('.found li', { hasText: '清水' }).locator('[data-star]').click();
  await page.locator('.found [data-star][aria-pressed=true]').waitFor();
  await page.getByLabel('宛先を検索').fill('');
  await page.locator('[data-picks] .picks button', { hasText: '清水' }).waitFor();
  assert.equal(await page.locator('#subject').inputValue(), 'あとで消す');
});

step('the same without scripts: buttons and pages', async () => {
  const browser = await start('nurse', { javaScript: false });
  try {
    const { page, site } = browser;
    await page.goto(`${site}/mail/inbox`);
    await page.getByRole('button', { name: 'メールを書く' }).click();
    await page.locator('#subject').fill('書きかけ');
    await page.locator('.picks button', { hasText: '上野' }).click();
    await page.locator('.to').getByText('上野').waitFor();
    assert.equal(await page.locator('#subject').inputValue(), '書きかけ');
    await page.locator('#body').fill('一行目');
    await page.locator('.phrase-list button', { hasText: '承知しました' }).click();
    assert.match(await page.locator('#body').inputValue(), /^一行目\n\nご連絡をありがとうございます。/);
    await page.goto(`${site}/me/groups`);
    await page.getByLabel('新しいグループの名前').fill('夜間の連絡');
    await page.getByRole('button', { name: '作る' }).click();
    await page.getByLabel('加える人をさがす').fill('たかはし');
    await page.getByRole('button', { name: '検索' }).click();
    await page.getByRole('button', { name: /加える.*文彦/ }).click();
    await page.locator('.people').getByText('文彦').first().waitFor();
    assert.deepEqual(browser.problems, []);
  } finally {
    await browser.close();
  }
});

step('nothing went wrong on any page', () => {
  for (const browser of [nurse, doctor]) assert.deepEqual(browser.problems, []);
  assert.deepEqual(findings, []);
});
