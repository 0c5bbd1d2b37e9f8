// Passkeys over mutual TLS, with hardware that Chromium plays itself: made, used, lost, replayed,
// copied, demanded by the office, and begun anew.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before } from 'node:test';

import { debuggingOf, launch } from './lib.mjs';
import { look } from './look.mjs';
import { choosePassword, logIn, readCard, registerMember } from './people.mjs';
import { APP, OFFICE_CODE, startNetwork, startTry } from './product.mjs';
import { step } from './steps.mjs';

const CLERK = {
  family: '森', given: 'みどり', kana: ['モリ', 'ミドリ'], job: '事務職', userId: 'mori01',
};
const PASSWORDS = { admin: 'hidamari-no-mado-1', clerk: 'komorebi-no-niwa-3' };
const ADMIN = { facilityCode: OFFICE_CODE, userId: 'admin', password: PASSWORDS.admin };

const open = [];
const findings = [];
const see = async (page, name) => findings.push(...await look(page, name));
let network;
let device;
let desk;
let key;
let codes;
let card;
let answered;

const start = async (options) => {
  const browser = await launch({ hosts: network.hosts, ...options });
  open.push(browser);
  return browser;
};

/** A platform authenticator of this browser; it counts as a security key does. */
async function hardware({ page }) {
  const cdp = await debuggingOf(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', transport: 'usb', hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  } });
  const send = (what, more = {}) => cdp.send(`WebAuthn.${what}`, { authenticatorId, ...more });
  return {
    send,
    kept: async () => (await send('getCredentials')).credentials[0],
    /** Holds this one key and no other. */
    hold: async (credential) => {
      await send('clearCredentials');
      // What was put in is told without the host it is for.
      await send('addCredential', { credential: { ...credential, rpId: new URL(APP).host } });
    },
  };
}

async function register(page, name, password) {
  await page.goto(`${APP}/me/passkeys`);
  await page.getByLabel('名前', { exact: true }).fill(name);
  await page.locator('#f-password').fill(password);
  await page.getByRole('button', { name: '次へ' }).click();
  await page.getByRole('button', { name: 'パスキーを作る' }).click();
  await page.waitForURL((url) => url.pathname === '/me/passkeys');
}

async function logOut(page) {
  await page.goto(`${APP}/me`);
  await page.getByRole('button', { name: 'ログアウト', exact: true }).click();
  await page.waitForURL(/\/login/);
}

async function prove(page) {
  await page.getByRole('button', { name: 'パスキーで確認する' }).click();
}

const home = (page) => page.waitForURL((url) => url.pathname === '/');
const refused = (page) => page.getByText('もう一度お試しください。パスキーが使えないときは').waitFor();

before(async () => { network = await startNetwork(); });

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network.close();
});

step('the administrator makes a passkey and is given ten codes', async () => {
  device = await network.enrol(network.card, '事務室PC 1');
  desk = await start(device);
  key = await hardware(desk);
  await logIn(desk.page, APP, { ...ADMIN, password: network.card.password });
  await choosePassword(desk.page, network.card.password, PASSWORDS.admin);
  await desk.page.goto(`${APP}/me/passkeys`);
  await see(desk.page, 'passkeys-none');
  await register(desk.page, '青いセキュリティキー', PASSWORDS.admin);
  codes = await desk.page.locator('.recovery-codes li').allInnerTexts();
  assert.equal(codes.length, 10);
  await see(desk.page, 'passkeys-codes');
  await desk.page.getByRole('link', { name: 'しまいました' }).click();
  await desk.page.getByText('青いセキュリティキー').first().waitFor();
  await see(desk.page, 'passkeys-one');
});

step('the next log-in asks for it after the password', async () => {
  const { page } = desk;
  await logOut(page);
  await logIn(page, APP, ADMIN);
  assert.equal(new URL(page.url()).pathname, '/login/passkey');
  await see(page, 'login-passkey');
  assert.equal((await page.goto(`${APP}/office`)).url().includes('/login'), true, 'nothing else opens');
  await page.goto(`${APP}/login/passkey`);
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await prove(page);
  answered = new URLSearchParams((await sent).postData()).get('answer');
  await home(page);
});

step('who is not verified is told, and may try again', async () => {
  const { page } = desk;
  await logOut(page);
  await logIn(page, APP, ADMIN);
  await key.send('setUserVerified', { isUserVerified: false });
  await prove(page);
  await page.getByText('確認できませんでした。時間切れか').waitFor();
  await key.send('setUserVerified', { isUserVerified: true });
  await prove(page);
  await home(page);
});

step('an answer of before is worth nothing', async () => {
  const { page } = desk;
  await logOut(page);
  await logIn(page, APP, ADMIN);
  await page.locator('form[data-passkey]').evaluate((form, answer) => {
    form.querySelector('[name=answer]').value = answer;
    form.submit();
  }, answered);
  await refused(page);
  await see(page, 'login-passkey-refused');
  await prove(page);
  await home(page);
});

step('another key that says it is this one is refused', async () => {
  const { page } = desk;
  const kept = await key.kept();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await logOut(page);
  await logIn(page, APP, ADMIN);
  await key.hold({
    ...kept, privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  });
  await prove(page);
  await refused(page);
  await key.hold(kept);
  await prove(page);
  await home(page);
});

step('a copy whose counter stands back is refused, and the office is told', async () => {
  const { page } = desk;
  const kept = await key.kept();
  assert.ok(kept.signCount > 1);
  await logOut(page);
  await logIn(page, APP, ADMIN);
  await key.hold({ ...kept, signCount: 1 });
  await prove(page);
  await refused(page);
  await key.hold({ ...kept, signCount: 1000 });
  await prove(page);
  await home(page);
  await page.goto(`${APP}/office/passkeys`);
  await page.getByText('写しが使われたおそれ').first().waitFor();
  await see(page, 'office-passkeys-told');
  await page.getByRole('button', { name: '対応した' }).click();
  await page.goto(`${APP}/me/passkeys`);
  await page.getByRole('button', { name: '確かめた' }).click();
});

step('without the hardware a code from paper opens, once', async () => {
  const { page } = desk;
  const kept = await key.kept();
  await logOut(page);
  await key.send('clearCredentials');
  await logIn(page, APP, ADMIN);
  await page.getByLabel('回復コード').fill(codes[0].toLowerCase());
  await page.getByRole('button', { name: '回復コードでログインする' }).click();
  await home(page);
  await page.getByText('回復コードでログインがありました').waitFor();
  await logOut(page);
  await logIn(page, APP, ADMIN);
  await page.getByLabel('回復コード').fill(codes[0]);
  await page.getByRole('button', { name: '回復コードでログインする' }).click();
  await refused(page);
  await key.hold(kept);
  await prove(page);
  await home(page);
});

step('without scripts the page says so, and takes a code', async () => {
  const quiet = await start({ ...device, javaScript: false });
  await logIn(quiet.page, APP, ADMIN);
  await quiet.page.getByText('JavaScriptが使えません').waitFor();
  assert.equal(await quiet.page.getByRole('button', { name: 'パスキーで確認する' }).isVisible(), false);
  await quiet.page.getByLabel('回復コード').fill(codes[1]);
  await quiet.page.getByRole('button', { name: '回復コードでログインする' }).click();
  await home(quiet.page);
  await quiet.close();
  open.splice(open.indexOf(quiet), 1);
});

step('a key that is taken away is asked for no more, and another takes its place', async () => {
  const { page } = desk;
  const remove = async (password) => {
    await page.locator('.lines summary').click();
    await page.locator('.passkey-remove [name=password]').fill(password);
    await page.getByRole('button', { name: '削除する' }).click();
  };
  await page.goto(`${APP}/me/passkeys`);
  await remove('not-the-password-9');
  await page.getByText('削除できませんでした').waitFor();
  await see(page, 'passkeys-not-removed');
  await remove(PASSWORDS.admin);
  await page.getByText('まだありません').first().waitFor();
  await key.send('clearCredentials');
  await logOut(page);
  await logIn(page, APP, ADMIN);
  await home(page);
  await register(page, '緑のセキュリティキー', PASSWORDS.admin);
  codes.push(...await page.locator('.recovery-codes li').allInnerTexts());
  await logOut(page);
  await logIn(page, APP, ADMIN);
  await prove(page);
  await home(page);
});

step('the office demands one, and a clerk without one is led to it', async () => {
  const { page } = desk;
  await page.goto(`${APP}/office/facilities`);
  await page.locator('.cell-name').first().click();
  await page.waitForURL(/facilities\//);
  const office = page.url();
  await registerMember(page, office, CLERK);
  await page.getByRole('link', { name: '変更する' }).click();
  await page.locator('input[name=role][value=office]').check();
  await page.getByRole('button', { name: /変更を保存/ }).click();
  // For this clerk alone: a card begins anew, with an initial password.
  await page.getByRole('button', { name: 'カードを発行する' }).click();
  await page.locator('[data-shown-once]').waitFor();
  card = await readCard(page, '森 みどり');
  await page.goto(`${APP}/office/passkeys`);
  await page.getByLabel('いつから').selectOption('0');
  await page.locator('#f-password').fill(PASSWORDS.admin);
  await page.getByRole('button', { name: 'パスキーを必要にする' }).click();
  await page.getByText('パスキーがないと続けられません').waitFor();
  await see(page, 'office-passkeys-on');
  const second = await start(device);
  const own = await hardware(second);
  await logIn(second.page, APP, card);
  await choosePassword(second.page, card.password, PASSWORDS.clerk);
  await second.page.waitForURL(/\/me\/passkeys$/);
  await see(second.page, 'passkeys-owed');
  assert.match((await second.page.goto(`${APP}/office`)).url(), /\/me\/passkeys$/);
  await register(second.page, '事務室のPC', PASSWORDS.clerk);
  await second.page.goto(`${APP}/office`);
  await second.page.getByRole('heading', { name: '事務室', exact: true }).waitFor();
  second.own = own;
  desk.second = second;
});

step('an administrator gives the clerk a fresh start, and both are told', async () => {
  const { page, second } = desk;
  await page.goto(`${APP}/office/members?q=もり`);
  await page.locator('.cell-name').first().click();
  await page.getByText('パスキーを取り消す').first().click();
  await page.locator('#f-reset-password').fill(PASSWORDS.admin);
  await page.getByRole('button', { name: 'パスキーを取り消す' }).click();
  await page.getByText('本人に知らせます').waitFor();
  await see(page, 'office-member-passkeys');
  await second.page.goto(`${APP}/office`);
  await second.page.waitForURL(/\/login/);
  await second.own.send('clearCredentials');
  await logIn(second.page, APP, { ...card, password: PASSWORDS.clerk });
  assert.equal(new URL(second.page.url()).pathname, '/me/passkeys');
  await second.page.getByText('事務室で取り消されました').waitFor();
});

step('the last administrator is let in again from the console', async () => {
  const { page } = desk;
  const told = await network.ask(['member', 'reset-passkey', OFFICE_CODE, 'admin']);
  assert.equal(told.passkeys_removed, 1);
  await page.goto(`${APP}/office`);
  await page.waitForURL(/\/login/);
  await logIn(page, APP, ADMIN);
  assert.equal(new URL(page.url()).pathname, '/me/passkeys');
  await register(page, '新しいキー', PASSWORDS.admin);
  await page.goto(`${APP}/office`);
  await page.getByRole('heading', { name: '事務室', exact: true }).waitFor();
});

step('what is kept and logged holds no code, and every page is in order', async () => {
  assert.deepEqual(network.leaks(codes), []);
  assert.deepEqual(findings, []);
  const said = open.flatMap(({ problems }) => problems);
  assert.deepEqual(said.filter((one) => !/status of 4(22|01|04)/.test(one)), []);
});

step('behind the loopback address of a trial no passkey is offered', async () => {
  const trial = await startTry();
  const browser = await launch({ hosts: trial.hosts });
  try {
    const who = trial.people.nurse;
    await logIn(browser.page, who.site, who);
    await browser.page.goto(`${who.site}/me/passkeys`);
    await browser.page.getByLabel('名前', { exact: true }).fill('試し');
    await browser.page.locator('#f-password').fill(who.password);
    await browser.page.getByRole('button', { name: '次へ' }).click();
    await browser.page.getByText('この入口（お試しなど）では使えません').waitFor();
    assert.equal(await browser.page.getByRole('button', { name: 'パスキーを作る' }).isDisabled(), true);
  } finally {
    await browser.close();
    await trial.close();
  }
});
