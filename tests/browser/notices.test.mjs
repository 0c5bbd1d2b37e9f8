// A mail arrives: at the bell, on every tab once, on a device that is closed; and it is gone
// everywhere when it was read.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { logIn, writeTo } from './people.mjs';
import { startTry } from './product.mjs';
import { checkProof, makeBrowser, startPushService } from './push_service.mjs';

const SUBJECT = '架空　花子様の右かかとの創について';

let network;
let push;
const open = [];

before(async () => {
  // Nothing listens there: the page of the office is what is looked at.
  const smtp = '[smtp]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nfrom = "tsuchi@tokinet.test"\n';
  push = await startPushService(smtp);
  network = await startTry({ outside: push.outside });
});

after(async () => {
  await Promise.all(open.map((browser) => browser.close()));
  await network?.close();
  push?.close();
});

async function come(role, size) {
  const who = network.people[role];
  const browser = await launch({ hosts: network.hosts, ...(size && { size }) });
  open.push(browser);
  await logIn(browser.page, who.site, who);
  return { ...browser, site: who.site };
}

async function send(nurse) {
  await writeTo(nurse.page, nurse.site, 'たかはし ふみ', '文彦');
  await nurse.page.getByLabel('件名').fill(SUBJECT);
  await nurse.page.getByLabel('本文').fill('右かかとの創は 2.0×1.5cm です。');
  await nurse.page.locator('button[value=confirm]').click();
  await nurse.page.getByRole('button', { name: '件の宛先に送信する' }).click();
  await nurse.page.waitForURL((url) => !url.pathname.endsWith('/confirm'));
}

const bell = (page) => page.locator('[data-bell-number]');
const count = async (page) => ((await page.locator('[data-bell]').isHidden()) ? 0 : Number(await bell(page).innerText()));

test('a mail arrives at the bell, and is gone in the second tab when it was read in the first', async () => {
  const [nurse, doctor] = [await come('nurse'), await come('doctor')];
  const second = await doctor.context.newPage();
  await doctor.page.goto(`${doctor.site}/notices`);
  await doctor.page.getByRole('button', { name: 'すべて既読にする' }).click();
  await doctor.page.getByText('新しい通知はありません').waitFor();
  await second.goto(`${doctor.site}/notices`);
  assert.equal(await count(second), 0);
  await send(nurse);
  for (const page of [doctor.page, second]) {
    await page.locator('[data-bell]:not([hidden])').waitFor();
    assert.equal(await bell(page).innerText(), '1');
    await page.locator('[data-notice-rows] .notice-words').waitFor();
    await page.locator('.toast').waitFor();
  }
  assert.deepEqual(await look(second, 'notices-new'), []);
  assert.ok(!(await second.locator('main').innerText()).includes('花子'));
  await doctor.page.locator('[data-notice-rows] .notice-words').first().click();
  await doctor.page.getByRole('heading', { name: SUBJECT }).first().waitFor();
  await second.locator('[data-bell]').waitFor({ state: 'hidden' });
  await second.getByText('新しい通知はありません').waitFor();
  await second.locator('.toast').waitFor({ state: 'detached' });
  assert.deepEqual([...doctor.problems, ...nurse.problems], []);
});

test('a push says that something came, and no word more; reading takes it away', async () => {
  const [nurse, doctor] = [await come('nurse'), await come('doctor')];
  const device = makeBrowser(push.host, 'doctor');
  await doctor.page.goto(`${doctor.site}/me/notices`);
  const key = await doctor.page.locator('[data-push-key]').getAttribute('data-push-key');
  const subscribe = (fields) => doctor.page.evaluate(async (given) => {
    const token = document.querySelector('[data-push-key]').dataset.pushToken;
    const answer = await fetch('/me/notices/push', { method: 'POST', body: new URLSearchParams({ token, ...given }) });
    return answer.status;
  }, fields);
  assert.equal(await subscribe(device.fields), 200);
  await doctor.page.reload();
  assert.deepEqual(await look(doctor.page, 'me-notices-push'), []);
  await send(nurse);
  const told = await push.next();
  assert.equal(told.path, '/doctor');
  const { 'content-encoding': encoding, ttl, topic, urgency, authorization } = told.headers;
  assert.deepEqual({ encoding, ttl, topic, urgency }, { encoding: 'aes128gcm', ttl: '86400', topic: 'arrival', urgency: 'normal' });
  const proof = checkProof(authorization);
  assert.equal(proof.key, key);
  assert.equal(proof.aud, `https://${push.host}`);
  const seconds = proof.exp - Date.now() / 1000;
  assert.ok(seconds > 0 && seconds <= 24 * 60 * 60, `${seconds}`);
  const message = device.open(told.body);
  assert.equal(message.notification.title, '新着メールがあります');
  assert.ok(!/花子|創|藤田|高橋/.test(JSON.stringify(message)));
  await doctor.page.goto(`${doctor.site}/notices`);
  await doctor.page.locator('[data-notice-rows] .notice-words').first().click();
  const closing = await push.next();
  assert.deepEqual(device.open(closing.body), { close: true });
  assert.equal(closing.body.length, told.body.length, 'nobody on the way tells them apart');
  // The browser is gone for good: the next push is the last.
  push.answers.push(410);
  await send(nurse);
  assert.equal((await push.next()).status, 410);
  await send(nurse);
  await new Promise((done) => { setTimeout(done, 8000); });
  assert.equal(push.arrived.length, 3);
  await doctor.page.goto(`${doctor.site}/me/notices`);
  assert.equal(await doctor.page.getByRole('button', { name: 'この端末では止める' }).count(), 0);
});

test('the worker shows one notification, and closes it', async () => {
  const doctor = await come('doctor');
  await doctor.context.grantPermissions(['notifications'], { origin: doctor.site });
  await doctor.page.goto(`${doctor.site}/me/notices`);
  const session = await doctor.context.newCDPSession(doctor.page);
  const registered = new Promise((found) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find((one) => one.scopeURL.startsWith(doctor.site) && !one.isDeleted);
      if (own) found(own.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  // The way of the settings' own script: the policy lets no other address through.
  await doctor.page.evaluate(async () => {
    const script = [...document.scripts].find((one) => one.src.endsWith('/notices.js')).src;
    const { worker } = await import(script.replace('notices.js', 'dom.js'));
    await navigator.serviceWorker.register(worker(), { scope: '/' });
    await navigator.serviceWorker.ready;
  });
  const registrationId = await registered;
  const deliver = (message) => session.send('ServiceWorker.deliverPushMessage', { origin: doctor.site, registrationId, data: JSON.stringify(message) });
  const shown = () => doctor.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration('/');
    return (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }));
  });
  // Told again and again, as a push service may, and because a worker that has only just come to
  // life does not hear the first.
  const until = async (length, message) => {
    for (let left = 50; left; left -= 1) {
      await deliver(message);
      const now = await shown();
      if (now.length === length) return now;
      await new Promise((done) => { setTimeout(done, 100); });
    }
    throw new Error(`never ${length}: ${JSON.stringify(await shown())}`);
  };
  const told = { notification: { title: '新着メールがあります', body: 'ときネット' } };
  await until(1, told);
  assert.deepEqual(await until(1, told), [{ ...told.notification, tag: 'arrival' }]);
  await until(0, { close: true });
  assert.deepEqual(doctor.problems, []);
});

test('the office sees whether notices go out, and people find their settings', async () => {
  const office = await come('office');
  await office.page.goto(`${office.site}/office/notices`);
  await office.page.getByLabel('職員（自分のアドレス）').check();
  await office.page.getByLabel('施設（施設の管理者').check();
  await office.page.getByLabel('事務室のアドレス').fill('jimu@example.jp');
  await office.page.getByRole('button', { name: '保存する' }).click();
  await office.page.getByRole('button', { name: '事務室のアドレスに試しに送る' }).click();
  await office.page.getByText('つながりませんでした').first().waitFor();
  assert.deepEqual(await look(office.page, 'office-notices-server'), []);
  const nurse = await come('nurse');
  await nurse.page.goto(`${nurse.site}/me/notices`);
  await nurse.page.getByLabel('メールアドレス').fill('nurse@example.jp');
  await nurse.page.getByRole('button', { name: '確認コードを送る' }).click();
  await nurse.page.locator('.field-error').getByText('つながりませんでした').waitFor();
  assert.equal(await nurse.page.getByLabel('メールアドレス').inputValue(), 'nurse@example.jp');
  assert.deepEqual(await look(nurse.page, 'me-notices-mail'), []);
});
