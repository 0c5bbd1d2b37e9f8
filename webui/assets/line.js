// The line to the box: one stream of events for the whole page, made anew when it ends or falls
// silent. A closed tunnel, a sleeping laptop and a pulled cable end nothing that a browser would
// notice, so the box sends a beat, and whoever misses two of them is told that nobody is heard.
import { one, element, icon } from './dom.js';

const { live: address, beat } = document.body.dataset;
// Two beats, and a third of one for a slow network.
const SILENCE_MS = Number(beat) * 2333;
// A stream is renewed, and a box restarted, within this: nobody needs to read of it.
const PATIENCE_MS = 1500;
const AGAIN_MS = 3000;
// Into a closed tunnel a browser knocks for minutes; a fresh knock is heard sooner.
const KNOCK_MS = 10000;

const KEPT = '書いた内容はこの画面に残っています。';
const SILENT = [`通信が切れています。つながりしだい続けます。${KEPT}続くときは、電波とVPN（WireGuard）を確かめるか、事務室にお知らせください。`];
const REFUSED = () => [`接続が終わりました。ログインの時間が過ぎたか、この端末の登録が変わりました。${KEPT}`, element('a', { href: '/', target: '_blank', rel: 'noopener' }, '別の画面で確かめる')];

const heard = [];
const after = [];
let source;
let watch;
let patience;
let again;
let wasLost = false;
let words = SILENT;

/** Does `work` with each event of this kind. */
export function hear(kind, work) {
  heard.push([kind, work]);
  source?.addEventListener(kind, work);
}

/** Does `work` when the line is there again: what came meanwhile was not heard. */
export const hearAgain = (work) => after.push(work);

function say(given) {
  one('#line')?.remove();
  if (!given) return;
  const bar = element('div', { id: 'line', class: 'flash is-warn is-line', role: 'alert' }, icon('warn'), element('span', {}, ...given));
  one('#main')?.prepend(bar);
}

function within(limit) {
  clearTimeout(watch);
  watch = setTimeout(end, limit, SILENT);
}

function open() {
  clearTimeout(again);
  source?.close();
  source = new EventSource(address);
  for (const [kind, work] of heard) source.addEventListener(kind, work);
  for (const sign of ['open', 'beat', 'unread', 'arrival', 'ended', 'enrolments']) source.addEventListener(sign, alive);
  // Answered by something else, it has ended for good in the browser's eyes.
  source.addEventListener('error', () => end(source.readyState === EventSource.CLOSED ? REFUSED() : SILENT));
  within(KNOCK_MS);
}

function alive() {
  within(SILENCE_MS);
  clearTimeout(patience);
  patience = undefined;
  if (!wasLost) return;
  wasLost = false;
  say(null);
  after.forEach((work) => work());
}

function end(given) {
  clearTimeout(watch);
  clearTimeout(again);
  source.close();
  words = given;
  // What was heard until now is asked for at once.
  again = setTimeout(open, wasLost ? AGAIN_MS : 0);
  if (wasLost && one('#line')) say(words);
  wasLost = true;
  patience ??= setTimeout(() => say(words), PATIENCE_MS);
}

function stop() {
  for (const timer of [watch, patience, again]) clearTimeout(timer);
  patience = undefined;
  source?.close();
}

// A page that is left says nothing; one that is come back to has missed something.
function comeBack() {
  wasLost = true;
  open();
}

if (address && one('#announce')) {
  open();
  addEventListener('pagehide', stop);
  addEventListener('pageshow', (event) => { if (event.persisted) comeBack(); });
  addEventListener('online', () => { if (wasLost) open(); });
  addEventListener('visibilitychange', () => { if (!document.hidden && wasLost) open(); });
}
