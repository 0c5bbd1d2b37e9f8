// A real browser that holds a device certificate. Start with `launch`; `lib.test.mjs` shows it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import axeCore from 'axe-core';
import { chromium } from 'playwright-core';

import { fillCertificates } from './certificates.mjs';
import { holdPolicy } from './policy.mjs';

// The office's old screen and an iPad held sideways.
export const SIZES = {
  pc: { width: 1366, height: 768, touch: false },
  tablet: { width: 1180, height: 820, touch: true },
};

const SCREENS = fileURLToPath(new URL('../../target/screens/', import.meta.url));
const WAIT_MS = 10_000;
export const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts a browser with a home, a profile and certificates of its own; several may run at once.
 *
 * `hosts` maps the names that pages may use to listeners, as in
 * `{'app.tokinet.test': '127.0.0.1:8443'}`; no other name is found. Pages then say
 * `https://app.tokinet.test/`, without a port.
 * `root` is the PEM file of the CA to trust, `p12` the device certificate; both may be left out.
 * `more` are further certificates: `[{ p12, p12Password }]`.
 *
 * Answers `{ page, context, problems, close }`. `problems` fills with what the pages complained
 * about: console errors, such as those of the content security policy, and uncaught exceptions.
 */
export async function launch({
  hosts,
  root,
  p12,
  p12Password = '',
  more,
  size = SIZES.pc,
  javaScript = true,
  userAgent,
  executable = '/usr/bin/chromium',
}) {
  const home = mkdtempSync(join(tmpdir(), 'tokinet-browser-'));
  const policy = holdPolicy(Object.keys(hosts));
  const cleanUp = () => {
    policy.release();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    fillCertificates(home, { root, p12, p12Password, more });
    const context = await chromium.launchPersistentContext(join(home, 'profile'), {
      executablePath: executable,
      headless: true,
      args: [...FLAGS, `--host-resolver-rules=${resolverRules(hosts)}`],
      // Without a UTF-8 locale Chromium finds no file with a Japanese name, and says nothing.
      env: { HOME: home, PATH: process.env.PATH, TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8' },
      locale: 'ja-JP',
      timezoneId: 'Asia/Tokyo',
      userAgent,
      viewport: { width: size.width, height: size.height },
      hasTouch: size.touch,
      javaScriptEnabled: javaScript,
      // A page that is resized while it fades in complains.
      reducedMotion: 'reduce',
      chromiumSandbox: false,
    });
    context.setDefaultTimeout(WAIT_MS);
    const problems = gatherProblems(context);
    const page = context.pages()[0] ?? (await context.newPage());
    const close = () => context.close().finally(cleanUp);
    return { page, context, problems, close };
  } catch (why) {
    cleanUp();
    throw why;
  }
}

/** Takes the whole page, or with `{ fullPage: false }` what fits, at both sizes; answers paths. */
export async function screenshot(page, name, { fullPage = true } = {}) {
  mkdirSync(SCREENS, { recursive: true });
  const before = page.viewportSize();
  const files = [];
  for (const { width, height } of Object.values(SIZES)) {
    const path = join(SCREENS, `${name}-${width}x${height}.png`);
    await page.setViewportSize({ width, height });
    await page.screenshot({ path, fullPage, animations: 'disabled' });
    files.push(path);
  }
  await page.setViewportSize(before);
  return files;
}

const sessions = new WeakMap();

/**
 * The page's one session of the debugging protocol. It is never detached: with any session that
 * goes, Chromium takes the page's virtual authenticators away, and who asks them waits for ever.
 */
export async function debuggingOf(page) {
  if (!sessions.has(page)) sessions.set(page, await page.context().newCDPSession(page));
  return sessions.get(page);
}

/** What a visitor would stumble over: the serious and critical WCAG 2.2 AA violations, in short. */
export async function axe(page) {
  // Over the debugging protocol, because a strict content security policy refuses a script tag.
  const session = await debuggingOf(page);
  const run = `axe.run(document, ${JSON.stringify({ runOnly: WCAG })})`;
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: `${axeCore.source}; ${run}.then(({ violations }) => JSON.stringify(violations))`,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails) {
    throw new Error(`axe failed: ${exceptionDetails.exception?.description}`);
  }
  return JSON.parse(result.value)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      nodes: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
    }));
}

function resolverRules(hosts) {
  const maps = Object.entries(hosts).map(([name, place]) => `MAP ${name} ${place}`);
  return [...maps, 'MAP * ~NOTFOUND'].join(',');
}

// The browser's own pages, such as its viewer of PDF files, make mistakes too.
function isOfTheBrowser(stack = '') {
  const frames = stack.split('\n').filter((line) => /^\s*at /.test(line));
  return frames.length > 0 && frames.every((line) => /\bchrome(-extension)?:\/\//.test(line));
}

// A page that is left while its manifest comes: the browser reads the empty rest as a mistake. What
// the manifest holds is tested where it is made.
const LEFT_TOO_EARLY = /\.webmanifest: Manifest: Line: 1, column: 1, Syntax error\.$/;

function gatherProblems(context) {
  const problems = [];
  context.on('console', (message) => {
    const problem = `${message.location().url}: ${message.text()}`;
    if (message.type() === 'error' && !LEFT_TOO_EARLY.test(problem)) problems.push(problem);
  });
  context.on('weberror', (error) => {
    const { name, message, stack } = error.error();
    if (!isOfTheBrowser(stack)) problems.push(stack || `${name}: ${message}`);
  });
  return problems;
}
