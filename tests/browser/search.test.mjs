// Looking for a mail by two letters, from the keyboard: find, open, go back. And the same for
// what has just arrived.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { launch, screenshot } from './lib.mjs';
import { logIn } from './people.mjs';
import { startTry } from './product.mjs';
import { step } from './steps.mjs';

/** A second is promised; a machine that runs all tests at once is given time. */
const FOUND_WITHIN_MS = 15_000;

let network;
let nurse;

before(async () => {
  network = await startTry();
  nurse = await launch({ hosts: network.hosts });
  await logIn(nurse.page, network.people.nurse.site, network.people.nurse);
});

after(async () => {
  await nurse?.close();
  await network.close();
});

const find = async (words) => {
  const { page } = nurse;
  await page.goto(new URL('/mail/inbox', page.url()).href);
  await page.keyboard.press('/');
  await page.keyboard.insertText(words);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/mail\/search\?/);
};

/** The index follows in its own time: asks again until something is found. */
const findSoon = async (words) => {
  const { page } = nurse;
  const started = performance.now();
  await find(words);
  while (await page.locator('.results .row').count() === 0) {
    assert(performance.now() - started < FOUND_WITHIN_MS, `${words} was not found`);
    await page.reload();
  }
};

step('two letters find a mail, and the words are marked', async () => {
  const { page } = nurse;
  await findSoon('退院');
  assert.match(await page.locator('.results mark').first().textContent(), /退院/);
  await screenshot(page, 'search-found');
});

step('opening one and going back leads to the same list', async () => {
  const { page } = nurse;
  const { length } = await page.locator('.results .row').all();
  await page.locator('.results .row').first().click();
  await page.locator('.letter, .mail, article').first().waitFor();
  await page.goBack();
  assert.equal(await page.locator('.results .row').count(), length);
  assert.equal(await page.getByLabel('探すことば').inputValue(), '退院');
});

step('what is not there offers a way on', async () => {
  const { page } = nurse;
  await find('ざざざ');
  await page.getByText('見つかりませんでした').waitFor();
  await page.getByRole('link', { name: 'ごみ箱も探す' }).click();
  assert.equal(await page.getByLabel('ごみ箱も探す').isChecked(), true);
});

step('filters stand in a fold and narrow the list', async () => {
  const { page } = nurse;
  await find('退院');
  await page.getByText('条件をつける').click();
  await page.getByLabel('入っている箱').selectOption({ label: '送信済' });
  await page.getByRole('button', { name: '検索', exact: true }).click();
  await page.waitForURL(/folder=sent/);
  for (const chip of await page.locator('.results .row-facility .chip').allTextContents()) {
    assert.match(chip, /送信済/);
  }
});
