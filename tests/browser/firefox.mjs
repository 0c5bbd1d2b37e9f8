// Firefox, driven over WebDriver BiDi.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import axeCore from 'axe-core';
import puppeteer from 'puppeteer-core';

import { SIZES, WCAG } from './lib.mjs';
import { startProxy } from './proxy.mjs';

const SCREENS = fileURLToPath(new URL('../../target/screens/', import.meta.url));
const WAIT_MS = 30_000;

/** Starts a Firefox with a profile of its own; `hosts` as for Chromium's `launch`. */
export async function launchFirefox({ hosts, size = SIZES.pc, executable = '/usr/bin/firefox-esr' }) {
  const home = mkdtempSync(join(tmpdir(), 'tokinet-firefox-'));
  const proxy = await startProxy(hosts);
  const cleanUp = () => {
    proxy.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: executable,
      headless: true,
      userDataDir: home,
      env: { HOME: home, PATH: process.env.PATH, TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8' },
      defaultViewport: { width: size.width, height: size.height },
      extraPrefsFirefox: {
        'network.proxy.type': 1,
        'network.proxy.http': '127.0.0.1',
        'network.proxy.http_port': proxy.port,
        // Names that end in `localhost` would pass by the proxy.
        'network.proxy.allow_hijacking_localhost': true,
        'intl.accept_languages': 'ja',
      },
    });
    const page = (await browser.pages())[0] ?? (await browser.newPage());
    page.setDefaultTimeout(WAIT_MS);
    const close = () => browser.close().finally(cleanUp);
    return { page, close };
  } catch (why) {
    cleanUp();
    throw why;
  }
}

// puppeteer's own locators look whether a field is enabled by a function made of text, which the
// pages' content security policy refuses.

/** Types into the first field that a selector finds, as soon as it is there. */
export async function put(page, selector, text) {
  const field = await page.waitForSelector(selector, { visible: true });
  await field.type(text);
}

/** Presses what a selector finds, as soon as it is there. */
export async function press(page, selector) {
  const button = await page.waitForSelector(selector, { visible: true });
  await button.click();
}

export async function axe(page) {
  await page.evaluate(axeCore.source);
  const violations = await page.evaluate(
    (runOnly) => globalThis.axe.run(document, { runOnly }).then((found) => JSON.stringify(found.violations)),
    WCAG,
  );
  return JSON.parse(violations)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`).join('; ')}`);
}

export async function screenshot(page, name) {
  mkdirSync(SCREENS, { recursive: true });
  await page.screenshot({ path: join(SCREENS, `firefox-${name}.png`) });
}
