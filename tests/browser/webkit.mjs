// WebKit, the nearest thing to an iPad's Safari that runs on Linux, driven through WebDriver.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createProbe } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import axeCore from 'axe-core';
import { Builder, By, Key, until } from 'selenium-webdriver';

import { SIZES, WCAG } from './lib.mjs';
import { startProxy } from './proxy.mjs';

export { By, Key, until };

const SCREENS = fileURLToPath(new URL('../../target/screens/', import.meta.url));
const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
const WAIT_MS = 30_000;

/**
 * Starts a screen, a driver and a browser of its own; `hosts` as for Chromium's `launch`.
 *
 * Answers `{ driver, close }`; `driver` is selenium's, with a few verbs of ours beside it.
 */
export async function launchWebKit({ hosts, size = SIZES.tablet }) {
  const home = mkdtempSync(join(tmpdir(), 'tokinet-webkit-'));
  const children = [];
  const proxy = await startProxy(hosts);
  const start = (program, args, env) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    child.stdout.resume();
    child.stderr.resume();
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    children.push(() => { process.off('exit', kill); kill(); });
    return child;
  };
  const close = async (driver) => {
    // The driver may be gone already; its processes are ended either way.
    await driver?.quit().catch(() => {});
    children.reverse().forEach((end) => end());
    proxy.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  let driver;
  try {
    const display = await startScreen(start, size);
    const env = { HOME: home, DISPLAY: display, TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8', LANGUAGE: 'ja',
      NO_AT_BRIDGE: '1', GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1' };
    const port = await freePort();
    start('WebKitWebDriver', [`--port=${port}`], env);
    await reachable(port);
    driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}`)
      .withCapabilities({
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] },
        proxy: { proxyType: 'manual', httpProxy: `127.0.0.1:${proxy.port}` },
      })
      .build();
    await driver.manage().window().setRect({ x: 0, y: 0, width: size.width, height: size.height });
    await driver.manage().setTimeouts({ implicit: 0, pageLoad: WAIT_MS, script: WAIT_MS });
    return { driver, ...verbs(driver), close: () => close(driver) };
  } catch (why) {
    await close(driver);
    throw why;
  }
}

/** What a person does, in the words that stand on the page. */
function verbs(driver) {
  const find = (locator) => driver.wait(until.elementLocated(locator), WAIT_MS);
  const visible = async (locator) => driver.wait(until.elementIsVisible(await find(locator)), WAIT_MS);
  const labelled = (text) => By.xpath(
    `//*[@id=//label[normalize-space(.)="${text}" or starts-with(normalize-space(.), "${text}")]/@for]`
    + ` | //label[starts-with(normalize-space(.), "${text}")]//input`,
  );
  const fill = async (text, value) => {
    const field = await visible(labelled(text));
    await field.clear();
    await field.sendKeys(value);
  };
  const button = (text) => By.xpath(`//button[contains(normalize-space(.), "${text}")] | //a[contains(normalize-space(.), "${text}")]`);
  const press = async (text) => (await visible(button(text))).click();
  // A line may be broken anywhere on a narrow screen.
  const plain = (text) => text.replaceAll(/\s+/g, ' ');
  const sees = (text) => driver.wait(
    async () => plain(await driver.executeScript('return document.body.innerText')).includes(plain(text)),
    WAIT_MS,
    `never saw ${text}`,
  );
  const at = (pattern) => driver.wait(async () => pattern.test(await driver.getCurrentUrl()), WAIT_MS, `never came to ${pattern}`);
  const logIn = async (who) => {
    await driver.get(`${who.site}/login`);
    await fill('医療機関コード', who.facilityCode);
    await fill('利用者ID', who.userId);
    await fill('パスワード', who.password);
    await press('ログインする');
    await driver.wait(async () => new URL(await driver.getCurrentUrl()).pathname !== '/login', WAIT_MS);
  };
  const axe = async () => {
    const run = `${axeCore.source}; const done = arguments[arguments.length - 1];
      axe.run(document, ${JSON.stringify({ runOnly: WCAG })})
        .then(({ violations }) => done(JSON.stringify(violations)), (why) => done(JSON.stringify([{ id: String(why), impact: 'critical', nodes: [] }])));`;
    return JSON.parse(await driver.executeAsyncScript(run))
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`).join('; ')}`);
  };
  const screenshot = async (name) => {
    mkdirSync(SCREENS, { recursive: true });
    writeFileSync(join(SCREENS, `webkit-${name}.png`), await driver.takeScreenshot(), 'base64');
  };
  return { find, visible, fill, press, sees, at, logIn, axe, screenshot };
}

/** An X server that picks its own free number and says it on a pipe. */
async function startScreen(start, { width, height }) {
  const screen = start('Xvfb', ['-displayfd', '3', '-screen', '0', `${width}x${height + 200}x24`, '-nolisten', 'tcp'], {});
  return new Promise((found, failed) => {
    screen.stdio[3].once('data', (number) => found(`:${String(number).trim()}`));
    screen.once('exit', (code) => failed(new Error(`Xvfb ended with ${code}`)));
  });
}

async function freePort() {
  const probe = createProbe();
  await new Promise((listening) => { probe.listen(0, '127.0.0.1', listening); });
  const { port } = probe.address();
  await new Promise((closed) => { probe.close(closed); });
  return port;
}

async function reachable(port) {
  for (const began = Date.now(); Date.now() - began < WAIT_MS;) {
    const up = await fetch(`http://127.0.0.1:${port}/status`).then((answer) => answer.ok, () => false);
    if (up) return;
    await new Promise((again) => { setTimeout(again, 50); });
  }
  throw new Error('the WebKit driver does not answer');
}
