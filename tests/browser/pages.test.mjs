// Every page of the product with the fictional network, as each of its readers sees it: nothing
// that axe calls serious, no complaint of the browser, and pictures in target/screens.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { logIn } from './people.mjs';
import { startTry } from './product.mjs';

const WEBUI = fileURLToPath(new URL('../../webui/src/', import.meta.url));

// Answers to scripts and players, and the enrolment host, which main-job.test.mjs looks at.
const NOT_PAGES = [
  // Between password and passkey: only who has one comes there.
  /^\/login\/passkey$/,
  // These need a second device; desk.test.mjs comes there.
  /\/lost$/,
  // A file, a script's question, and a page that comes half an hour after an urgent mail.
  /\/eml$/, /\/progress$/, /\/uploads\//, /\/urgent$/, /\/export$/, /\/template$/, /\/mistakes$/,
  /\/live$/, /^\/sw\.js$/, /\.webmanifest$/, /\/recipients$/, /\/words$/, /\/files\//, /^\/e(\/|$)/, /^\/assets\//];

const visited = [];
let network;

before(async () => { network = await startTry(); });
after(() => network.close());

// Each page: its name for the picture, and its address or the way to it from the page before.
const followFirst = (selector) => async (page) => {
  const from = page.url();
  await page.locator(selector).first().click();
  await page.waitForURL((url) => url.href !== from);
};

const NURSE = [
  ['home', '/'],
  ['inbox', '/mail/inbox'],
  ['mail', followFirst('.row:has(use[href$="#clip"])')],
  ['mail-print', (page) => page.goto(`${page.url()}/print`)],
  ['sent', '/mail/sent'],
  ['sent-mail', followFirst('.row')],
  ['drafts', '/mail/drafts'],
  ['draft', followFirst('.row')],
  ['draft-search', async (page) => {
    await page.getByLabel('宛先を検索').fill('さ');
    await page.locator('.found li').first().waitFor();
  }],
  ['confirm', followFirst('button[value=confirm]')],
  ['compose-empty', followFirst('.side-write')],
  ['compose-errors', async (page) => {
    await page.locator('button[value=confirm]').click();
    await page.locator('.field-error').first().waitFor();
  }],
  ['bin', '/mail/bin'],
  ['shared-box', async (page) => {
    await page.goto(new URL('/mail/inbox', page.url()).href);
    await page.locator('.boxes a').nth(1).click();
    await page.waitForURL(/box=/);
  }],
  ['shared-mail', followFirst('.row')],
  ['starred', '/mail/starred'],
  ['later', '/mail/later'],
  ['done', '/mail/done'],
  ['outbox', '/mail/outbox'],
  ['groups', '/me/groups'],
  ['group', followFirst('.groups a')],
  ['group-search', async (page) => {
    await page.getByLabel('加える人をさがす').fill('さ');
    await page.getByRole('button', { name: '検索' }).click();
    await page.locator('.found li').first().waitFor();
  }],
  ['phrases', '/me/phrases'],
  ['phrase-form', (page) => page.locator('.box-form summary').first().click()],
  ['mail-search', '/mail/search'],
  ['mail-search-found', '/mail/search?q=退院&folder=inbox'],
  ['mail-search-nothing', '/mail/search?q=ざざざ&files=1'],
  ['mail-search-errors', '/mail/search?q=退院&from=2026-04-02&to=2026-04-01'],
  ['absence', '/me/absence'],
  ['notices', '/notices'],
  ['me-notices', '/me/notices'],
  ['me-notices-errors', async (page) => {
    await page.getByLabel('自分で決める').check();
    await page.getByRole('button', { name: '保存する' }).click();
    await page.locator('.notice.is-error').waitFor();
  }],
  ['directory', '/directory'],
  ['directory-found', '/directory?q=あおば'],
  ['directory-nothing', '/directory?q=ざざざ'],
  ['me', '/me'],
  ['me-large', async (page) => {
    await page.getByRole('button', { name: '特大' }).last().click();
    await page.locator('html[data-size=larger]').waitFor();
  }],
  ['inbox-large', '/mail/inbox'],
  ['me-standard', async (page) => {
    await page.goto(new URL('/me', page.url()).href);
    await page.getByRole('button', { name: '標準' }).last().click();
    await page.locator('html[data-size=standard]').waitFor();
  }],
  ['connected', '/connected'],
  ['me-devices', '/me/devices'],
  ['me-devices-code', async (page) => {
    await page.getByRole('button', { name: '追加のコードを出す' }).click();
    await page.locator('.code-qr svg').waitFor();
  }],
  ['me-passkeys', '/me/passkeys'],
  ['me-passkeys-new', async (page) => {
    await page.getByLabel('名前', { exact: true }).fill('受付のPC');
    await page.locator('#f-password').fill(network.people.nurse.password);
    await page.getByRole('button', { name: '次へ' }).click();
    await page.getByText('この入口（お試しなど）では使えません').waitFor();
  }],
  ['password', '/me/password'],
  ['keys', async (page) => {
    await page.goto(new URL('/mail/inbox', page.url()).href);
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
  }],
  ['lock', '/lock'],
];

const OFFICE = [
  ['office-home', '/'],
  ['office', '/office'],
  ['office-facilities', '/office/facilities'],
  ['office-facility', followFirst('.cell-name')],
  ['office-facility-edit', followFirst('a[href$="/edit"]')],
  ['office-facility-new', '/office/facilities/new'],
  ['office-facility-errors', async (page) => {
    await page.getByLabel('医療機関コード').fill('1234567890');
    await page.locator('form[data-once]').evaluate((form) => { form.noValidate = true; });
    await page.getByRole('button', { name: '施設を登録する' }).click();
    await page.locator('.field-error').first().waitFor();
  }],
  ['office-members', '/office/members'],
  ['office-member', followFirst('.cell-name')],
  ['office-member-edit', followFirst('a[href$="/edit"]')],
  ['office-member-new', async (page) => {
    await page.goto(new URL('/office/facilities', page.url()).href);
    await page.locator('.cell-name').first().click();
    await page.getByRole('link', { name: '職員を登録する' }).click();
  }],
  ['office-cards', '/office/cards'],
  ['office-cards-found', '/office/cards?q=あおば'],
  ['office-cards-choose', followFirst('.picks a')],
  ['office-server', '/office/server'],
  ['office-tunnel', '/office/tunnel'],
  ['office-devices', '/office/devices'],
  ['office-revoke', followFirst('a[href$="/revoke"]')],
  ['office-manuals', '/office/manuals'],
  ['office-manual', '/office/manuals/ipad'],
  ['office-devices-ending', '/office/devices/ending'],
  ['office-stock-none', '/office/stock'],
  ['office-stock', async (page) => {
    await page.getByRole('button', { name: '棚卸しを始める' }).click();
    await page.getByRole('heading', { name: '施設ごとの回答' }).waitFor();
  }],
  ['office-stock-facility', followFirst('.cell-name')],
  ['office-enrolments', '/office/enrolments'],
  ['office-setup', '/office/setup'],
  ['office-setup-open', async (page) => {
    await page.getByLabel('施設', { exact: true }).selectOption('all');
    await page.getByRole('button', { name: '開設日を始める' }).click();
    await page.getByRole('button', { name: 'いま終える' }).waitFor();
  }],
  ['office-setup-over', async (page) => {
    await page.getByRole('button', { name: 'いま終える' }).click();
    await page.getByRole('heading', { name: '終わった開設日' }).waitFor();
  }],
  ['office-mailboxes', async (page) => {
    await page.goto(new URL('/office/facilities', page.url()).href);
    await page.locator('.cell-name').first().click();
    await page.getByRole('link', { name: '共用のメールボックス' }).click();
  }],
  ['office-groups', '/office/groups'],
  ['office-group', followFirst('.groups a')],
  ['office-phrases', '/office/phrases'],
  ['office-import', '/office/import'],
  ['office-import-check', async (page) => {
    const list = '医療機関コード,施設名,施設種別\n12,ひかり医院,診療所\n';
    const file = { name: '施設.csv', mimeType: 'text/csv', buffer: Buffer.from(list) };
    await page.locator('input[type=file]').first().setInputFiles(file);
    await page.locator('form:has(input[type=file]) button[type=submit]').first().click();
    await page.waitForURL(/\/check/);
  }],
  ['office-passkeys', '/office/passkeys'],
  ['office-notices', '/office/notices'],
  ['office-unused', '/office/unused?which=never'],
  ['office-stand-in', async (page) => {
    await page.goto(new URL('/office/members?q=さかい', page.url()).href);
    await page.locator('.cell-name').first().click();
    await page.getByRole('link', { name: 'ほかの施設の端末を24時間' }).click();
    await page.getByLabel('端末をさがす').fill('訪問');
    await page.getByRole('button', { name: '検索' }).click();
    await page.locator('.role').first().waitFor();
  }],
  ['office-desk-guest', async (page) => {
    await page.locator('.role').first().click();
    await page.getByLabel('理由').fill('iPadの故障');
    await page.getByRole('button', { name: '24時間だけ許可する' }).click();
    await page.goto(new URL('/office', page.url()).href);
    await page.getByRole('heading', { name: '代わりの端末を利用中' }).waitFor();
  }],
  ['office-code', async (page) => {
    await page.goto(new URL('/office/members?q=さかい', page.url()).href);
    await page.locator('.cell-name').first().click();
    await page.locator('.code-by-phone summary').click();
    await page.getByRole('button', { name: 'コードを表示する' }).click();
    await page.locator('.code-qr svg').waitFor();
  }],
];

const MANAGER = [
  ['manager-home', '/'],
  ['me-tunnel', '/me/devices/tunnel'],
  ['me-renew', '/me/devices/renew'],
  ['me-renew-begun', async (page) => {
    await page.getByRole('button', { name: '更新する' }).click();
    await page.getByRole('button', { name: '新しい証明書を受け取る' }).waitFor();
  }],
  ['me-renew-taken', async (page) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '新しい証明書を受け取る' }).click(),
    ]);
    await download.delete();
    await page.goto(page.url());
    await page.getByText('受け取りました').first().waitFor();
  }],
  ['facility', '/facility'],
  ['facility-groups', '/facility/groups'],
  ['facility-group', followFirst('.groups a')],
  ['facility-phrases', '/facility/phrases'],
  ['facility-stock', '/facility/stock'],
  ['facility-notices', '/facility/notices'],
  ['facility-mailboxes', '/facility/mailboxes'],
  ['facility-mailbox-form', (page) => page.locator('.box-form summary').first().click()],
];

const AUDITOR = [
  ['trail', '/trail'],
  ['trail-of-member', followFirst('.trail .cell-name')],
];

for (const [role, pages] of Object.entries({ nurse: NURSE, manager: MANAGER, office: OFFICE, auditor: AUDITOR })) {
  test(`the pages of the ${role}`, async () => {
    const who = network.people[role];
    const browser = await launch({ hosts: network.hosts });
    try {
      const findings = [];
      await browser.page.goto(`${who.site}/login`);
      note(browser.page);
      findings.push(...await look(browser.page, `${role}-login`));
      await logIn(browser.page, who.site, who);
      for (const [name, way] of pages) {
        await go(browser.page, who.site, way);
        note(browser.page);
        findings.push(...await look(browser.page, name));
      }
      assert.deepEqual(findings, []);
      assert.deepEqual(browser.problems.filter((one) => !/status of 422/.test(one)), []);
    } finally {
      await browser.close();
    }
  });
}

async function go(page, site, way) {
  if (typeof way === 'string') {
    const answer = await page.goto(site + way);
    assert.ok(answer.ok(), `${way}: ${answer.status()}`);
  } else {
    await way(page);
    await page.waitForLoadState();
  }
}

test('what cannot be done is said on a page of its own', async () => {
  const { site, ...who } = network.people.nurse;
  const browser = await launch({ hosts: network.hosts });
  try {
    await logIn(browser.page, site, who);
    const answer = await browser.page.goto(`${site}/mail/nowhere`);
    assert.equal(answer.status(), 404);
    assert.deepEqual(await look(browser.page, 'failure'), []);
  } finally {
    await browser.close();
  }
});

test('every page of the list of doors was visited', () => {
  const missing = doors().filter((path) => {
    const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return !NOT_PAGES.some((one) => one.test(path)) && !visited.some((one) => pattern.test(one));
  });
  assert.deepEqual(missing, []);
});

function note(page) {
  visited.push(new URL(page.url()).pathname);
}

/** The addresses that the features name in their lists of routes. */
function doors() {
  const files = readdirSync(WEBUI, { recursive: true }).filter((name) => name.endsWith('mod.rs'));
  const text = files.map((name) => readFileSync(`${WEBUI}${name}`, 'utf8')).join('\n');
  return [...text.matchAll(/\.get\(\s*Access::\w+,\s*"([^"]+)"/g)].map(([, path]) => path);
}
