// The product in WebKit as on an iPad: a mail between two people, one of them in Chromium, and
// every page that links lead to, with axe and a picture.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launch } from './lib.mjs';
import { logIn, writeTo } from './people.mjs';
import { startTry } from './product.mjs';
import { By, Key, launchWebKit } from './webkit.mjs';

const WEBUI = fileURLToPath(new URL('../../webui/src/', import.meta.url));
const SUBJECT = '架空　桃子様の褥瘡について';
const BODY = '左のかかとに発赤があります。次回の訪問で診察をお願いします。';

// Files, and answers to scripts and players.
const NOT_PAGES = [/\/eml$/, /\/uploads\//, /\/export$/, /\/template$/, /\/mistakes$/, /\/live$/,
  /\/recipients$/, /\/files\//, /^\/e(\/|$)/, /^\/assets\//, /\/logout$/];

// More than the longest page has.
const TABS_MAX = 80;

let network;
before(async () => { network = await startTry(); });
after(() => network.close());

test('a nurse in Chromium and a doctor in WebKit write to each other', async () => {
  const { nurse, doctor } = network.people;
  const [chromium, webkit] = await Promise.all([
    launch({ hosts: network.hosts }), launchWebKit({ hosts: network.hosts }),
  ]);
  try {
    await Promise.all([logIn(chromium.page, nurse.site, nurse), webkit.logIn(doctor)]);
    await webkit.driver.get(`${doctor.site}/mail/inbox`);

    await writeTo(chromium.page, nurse.site, 'たかはし ふみ', '文彦');
    await chromium.page.getByLabel('件名').fill(SUBJECT);
    await chromium.page.getByLabel('本文').fill(BODY);
    await chromium.page.locator('button[value=confirm]').click();
    await chromium.page.getByRole('button', { name: '送信する' }).click();

    // The open inbox shows it by itself.
    await webkit.sees(SUBJECT);
    await webkit.screenshot('arrived');
    await webkit.driver.findElement(By.xpath(`//a[contains(., "${SUBJECT}")]`)).click();
    await webkit.sees(BODY);
    assert.deepEqual(await webkit.axe(), []);
    await webkit.screenshot('mail');

    await chromium.page.goto(`${nurse.site}/mail/sent`);
    await chromium.page.getByRole('link', { name: /桃子様の褥瘡/ }).first().click();
    await chromium.page.getByText(/開封/).first().waitFor();

    await webkit.press('返信');
    await webkit.fill('本文', '承知しました。明日の午後にうかがいます。');
    await webkit.screenshot('reply');
    await webkit.driver.findElement(By.css('button[value=confirm]')).click();
    await webkit.press('送信する');
    await webkit.at(/\/mail\/(?!drafts)/);
    await chromium.page.goto(`${nurse.site}/mail/inbox`);
    await chromium.page.getByText(/桃子様の褥瘡/).first().waitFor();
    await chromium.page.getByRole('link', { name: /桃子様の褥瘡/ }).first().click();
    await chromium.page.getByText('明日の午後にうかがいます').waitFor();
    assert.deepEqual(chromium.problems, []);
  } finally {
    await Promise.all([chromium.close(), webkit.close()]);
  }
});

for (const role of ['nurse', 'manager', 'office', 'auditor']) {
  test(`the pages of the ${role} in WebKit`, async () => {
    const who = network.people[role];
    const webkit = await launchWebKit({ hosts: network.hosts });
    try {
      await webkit.logIn(who);
      const findings = await crawl(webkit, who.site, role);
      assert.deepEqual(findings, []);
    } finally {
    await webkit.close();
    }
  });
}

/** Visits one page of every door that links lead to; answers what axe finds. */
async function crawl({ driver, axe, screenshot }, site, role) {
  const doors = pages();
  const doorOf = (path) => doors.find(({ pattern }) => pattern.test(path))?.path;
  const seen = new Set();
  const findings = [];
  const waiting = ['/'];
  while (waiting.length > 0) {
    const path = waiting.shift();
    const door = doorOf(path);
    if (!door || seen.has(door)) continue;
    seen.add(door);
    await driver.get(site + path);
    findings.push(...(await axe()).map((one) => `${path}: ${one}`));
    await screenshot(`${role}${path.replaceAll(/[^a-z]+/g, '-')}`);
    const links = await driver.executeScript(
      'return [...document.querySelectorAll("a[href]")].filter((a) => a.host === location.host && !a.download).map((a) => a.pathname)',
    );
    waiting.push(...links);
  }
  assert.ok(seen.size > 5, `only ${[...seen]}`);
  return findings;
}

/** The pages that the features name in their lists of routes. */
function pages() {
  const files = readdirSync(WEBUI, { recursive: true }).filter((name) => name.endsWith('mod.rs'));
  const text = files.map((name) => readFileSync(`${WEBUI}${name}`, 'utf8')).join('\n');
  const paths = [...text.matchAll(/\.get\(\s*Access::\w+,\s*"([^"]+)"/g)].map(([, path]) => path);
  const kept = paths.filter((path) => !NOT_PAGES.some((one) => one.test(path)));
  // What is spelled out comes before what is a name for anything.
  kept.sort((one, other) => one.split('{').length - other.split('{').length);
  return kept.map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));
}

test('a mail is read and answered by the keyboard alone in WebKit', async () => {
  const who = network.people.doctor;
  const webkit = await launchWebKit({ hosts: network.hosts });
  const { driver } = webkit;
  const type = (...keys) => driver.actions().sendKeys(...keys).perform();
  const tabTo = async (selector) => {
    const there = () => driver.executeScript('return document.activeElement.matches(arguments[0])', selector);
    for (let tabs = 0; !(await there()); tabs += 1) {
      assert.ok(tabs < TABS_MAX, `${selector} is out of reach`);
      await type(Key.TAB);
    }
  };
  try {
    await webkit.logIn(who);
    await driver.get(`${who.site}/mail/inbox`);
    // Keys mean something once the scripts have come.
    await webkit.find(By.css('html.js'));
    await type('?');
    await webkit.visible(By.css('dialog[open]'));
    await webkit.screenshot('keys');
    await type('?');

    await type('j');
    await type('o');
    await webkit.at(/\/mail\/[0-9a-f]{32}/);
    await webkit.visible(By.css('[data-key=r]'));
    await type('r');
    await webkit.visible(By.css('textarea[name=body]'));
    await tabTo('textarea[name=body]');
    await type('確認しました。jkcr/? は文字として入ります。');
    await tabTo('button[value=confirm]');
    await type(Key.ENTER);
    await webkit.sees('送信する');
    await webkit.sees('jkcr/? は文字として入ります。');
    await tabTo('button[value=now]');
    await type(Key.ENTER);
    await webkit.at(/\/mail\/(?!drafts)/);
    await driver.get(`${who.site}/mail/sent`);
    await webkit.find(By.css('html.js'));
    await type('j');
    await driver.executeScript('document.activeElement.click()');
    await webkit.sees('jkcr/? は文字として入ります。');
  } finally {
    await webkit.close();
  }
});
