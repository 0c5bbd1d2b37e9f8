// New mail without asking for it: told once, however many tabs are open, until it was read.
import { about, all, one, parse, element } from './dom.js';
import { hear, hearAgain } from './line.js';
import { chime } from './chime.js';

const plain = document.title.replace(/^\(\d+\) /, '');

function counted({ inbox, all: count, bell }) {
  document.title = count ? `(${count}) ${plain}` : plain;
  all('[data-unread]').forEach((badge) => { badge.hidden = !count; });
  all('[data-unread-number]').forEach((number) => { number.textContent = count; });
  all('[data-own-number], [data-home-unread]').forEach((number) => { number.textContent = inbox; });
  all('[data-bell]').forEach((badge) => { badge.hidden = !bell; });
  all('[data-bell-number]').forEach((number) => { number.textContent = bell > 99 ? '99+' : bell; });
  // On the icon of an installed page.
  navigator.setAppBadge?.(bell).catch(() => {});
  if (!bell) closeShown();
}

// What this device still shows of it goes as well.
async function closeShown() {
  const registration = await navigator.serviceWorker?.getRegistration('/');
  for (const shown of await registration?.getNotifications() ?? []) shown.close();
}

// An open inbox, and the bell's page, show what came, and keep their place.
async function refresh() {
  // Nobody loses the button under the finger.
  if (one('[data-notices]')) return one('[data-notice-rows]:focus-within') ? undefined : renew('/notices', ['[data-notice-rows]']);
  if (!one('[data-scroll="inbox"][data-own]') || all('.row-choose :checked').length || new URLSearchParams(location.search).has('after')) return;
  await renew('/mail/inbox', ['.folders', one('[data-rows]') ? '[data-rows]' : '[data-scroll]'], '[data-rows]');
  one(`.row[href="${location.pathname}"]`)?.setAttribute('aria-current', 'true');
}

async function renew(from, parts, needs = parts[0]) {
  const answer = await fetch(from);
  const page = answer.ok && !answer.redirected && parse(await answer.text());
  if (!page || !one(needs, page)) return;
  for (const part of parts) one(part).replaceChildren(...one(part, page).childNodes);
}

// The first tab that takes the lock sounds; the others find it taken while it does.
function soundOnce(name) {
  const play = () => chime();
  if (!navigator.locks) return play();
  navigator.locks.request(`arrival-${name}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    play();
    await new Promise((done) => { setTimeout(done, 5000); });
  });
}

function arrived({ kind, from, facility, mail, at, sound }) {
  const page = `/mail/${encodeURIComponent(mail)}`;
  const [words, href] = {
    Mail: [`新着メール　${from}（${facility}）`, page],
    Reminder: [`まだ開いていないメールがあります　${from}（${facility}）`, page],
    Escalation: ['緊急のメールが開かれていません', `${page}/urgent`],
    Stopped: ['送信できなかったメールがあります', '/mail/drafts'],
  }[kind] ?? ['お知らせがあります', '/notices'];
  about(mail, kind === 'Mail' ? 'mail' : 'bell', words, element('br'), element('a', { href }, '開く'));
  if (sound) soundOnce(`${mail}-${at}`);
  refresh();
}

hear('unread', (event) => counted(JSON.parse(event.data)));
hear('arrival', (event) => arrived(JSON.parse(event.data)));
hear('ended', (event) => {
  const ended = JSON.parse(event.data).about;
  all('#announce [data-about]').filter((box) => box.dataset.about === ended).forEach((box) => box.remove());
  if (one('[data-notices]')) refresh();
});
hearAgain(refresh);
