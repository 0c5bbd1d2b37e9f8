// A line that is dead without an end: the page says so, keeps what was written, and goes on.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { launch } from './lib.mjs';
import { look } from './look.mjs';
import { logIn } from './people.mjs';
import { startTry } from './product.mjs';
import { startRelay } from './relay.mjs';
import { step } from './steps.mjs';

const BODY = '発赤は昨日より引いています。';
// More than two beats of the stream, and more than the page's patience after them.
const TWO_BEATS_MS = 36_000;
const PATIENCE_MS = 2_000;
// What a browser says when its line is cut, and of what then is not found.
const NO_ANSWER = /net::ERR_/;

let network;
let relay;
let nurse;
let page;
const findings = [];

before(async () => {
  network = await startTry();
  relay = await startRelay(network.address);
  const { site } = network.people.nurse;
  nurse = await launch({ hosts: { [new URL(site).host]: relay.place } });
  ({ page } = nurse);
  // Its hours pass when the test says so; the network's own time is nobody's.
  await page.clock.install();
  await logIn(page, site, network.people.nurse);
});

after(async () => {
  await nurse?.close();
  await relay?.close();
  await network?.close();
});

const bar = () => page.locator('#line');
const body = () => page.getByLabel('本文');

step('a page whose line is silent says so and keeps what was written', async () => {
  const live = page.waitForResponse((answer) => answer.url().endsWith('/live'));
  await page.goto(`${network.people.nurse.site}/mail/inbox`);
  await page.getByRole('button', { name: 'メールを書く' }).click();
  await body().waitFor();
  await live;
  relay.silence();
  await body().fill(BODY);
  assert.equal(await bar().count(), 0, 'no beat is late yet');
  await page.clock.fastForward(TWO_BEATS_MS);
  await page.clock.fastForward(PATIENCE_MS);
  await bar().getByText('通信が切れています。つながりしだい続けます。').waitFor();
  assert.equal(await body().inputValue(), BODY);
  const [told, written] = [await bar().boundingBox(), await body().boundingBox()];
  assert.ok(told.y + told.height <= written.y, 'it stands above what is written');
  findings.push(...await look(page, 'line-silent'));
});

step('it goes on by itself when the line is there again, and saves', async () => {
  relay.resume();
  await bar().waitFor({ state: 'detached' });
  await page.clock.fastForward(10_000);
  await page.locator('[data-save-state]', { hasText: 'に保存しました' }).waitFor();
  assert.equal(await body().inputValue(), BODY);
});

step('a page whose box is gone says so, too', async () => {
  await relay.close();
  await bar().getByText('通信が切れています').waitFor();
});

step('no page complained', async () => {
  assert.deepEqual(nurse.problems.filter((text) => !NO_ANSWER.test(text)), []);
  assert.deepEqual(findings, []);
});
