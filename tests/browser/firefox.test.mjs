// The work of a mail in Firefox: log in, write, attach, send; the other end reads it in Chromium.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { axe, launchFirefox, press, put, screenshot } from './firefox.mjs';
import { launch } from './lib.mjs';
import { logIn } from './people.mjs';
import { startTry } from './product.mjs';

const SUBJECT = '架空様の服薬について';

let folder;
let network;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokinet-attached-'));
  network = await startTry();
});
after(async () => {
  await network.close();
  rmSync(folder, { recursive: true });
});

test('a nurse in Firefox sends a mail with a file, and the doctor reads it', async () => {
  const { nurse, doctor } = network.people;
  const [firefox, chromium] = await Promise.all([
    launchFirefox({ hosts: network.hosts }), launch({ hosts: network.hosts }),
  ]);
  const { page } = firefox;
  try {
    await page.goto(`${nurse.site}/login`);
    for (const [field, value] of [['facility_code', nurse.facilityCode], ['user_id', nurse.userId], ['password', nurse.password]]) {
      await put(page, `input[name=${field}]`, value);
    }
    await Promise.all([page.waitForNavigation(), press(page, 'main button[type=submit], form button.is-primary')]);
    await page.goto(`${nurse.site}/mail/inbox`);
    assert.deepEqual(await axe(page), []);
    await screenshot(page, 'inbox');

    await Promise.all([page.waitForNavigation(), press(page, '.side-write')]);
    await put(page, '[data-search], input[name=q]', 'たかはし ふみ');
    await press(page, '.found button[name=add]');
    await page.waitForSelector('.to ::-p-text(文彦)');
    await put(page, 'input[name=subject]', SUBJECT);
    await put(page, 'textarea[name=body]', '残薬は5日分です。');
    writeFileSync(join(folder, '残薬.txt'), 'アムロジピン 5錠\n');
    const input = await page.waitForSelector('input[type=file]');
    await input.uploadFile(join(folder, '残薬.txt'));
    await page.waitForSelector('[data-attachments] ::-p-text(残薬.txt)');
    assert.deepEqual(await axe(page), []);
    await screenshot(page, 'compose');
    await Promise.all([page.waitForNavigation(), press(page, 'button[value=confirm]')]);
    await Promise.all([page.waitForNavigation(), press(page, 'button[value=now]')]);

    await logIn(chromium.page, doctor.site, doctor);
    await chromium.page.goto(`${doctor.site}/mail/inbox`);
    await chromium.page.getByRole('link', { name: /服薬について/ }).first().click();
    await chromium.page.getByText('残薬は5日分です。').waitFor();
    await chromium.page.getByText('残薬.txt').first().waitFor();

    await page.goto(`${nurse.site}/mail/sent`);
    await Promise.all([page.waitForNavigation(), press(page, '.row')]);
    await page.waitForSelector('::-p-text(開封)');
    await screenshot(page, 'receipt');
  } finally {
    await Promise.all([firefox.close(), chromium.close()]);
  }
});
