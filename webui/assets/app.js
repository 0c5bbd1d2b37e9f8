// Everything here is comfort: each page works whole without it.
import { all, one } from './dom.js';
import { saveNow } from './autosave.js';
import './upload.js';
import './live.js';
import './keyboard.js';

// One click, one act.
addEventListener('submit', (event) => {
  const { target, submitter } = event;
  if (event.defaultPrevented) return;
  const question = submitter?.dataset.confirm;
  if (question && !confirm(question)) return event.preventDefault();
  if (target.matches('[data-once]')) {
    if (target.dataset.sent) return event.preventDefault();
    target.dataset.sent = 'yes';
  }
});
addEventListener('pageshow', () => all('[data-sent]').forEach((form) => delete form.dataset.sent));

one('[data-print]')?.addEventListener('click', () => print());

// A list stays where it was while its mails are read one by one.
const list = one('[data-scroll]');
if (list) {
  const key = `scroll-${list.dataset.scroll}${new URLSearchParams(location.search).get('after') ?? ''}`;
  list.scrollTop = Number(sessionStorage.getItem(key) ?? 0);
  one('.row[aria-current]', list)?.scrollIntoView({ block: 'nearest' });
  addEventListener('pagehide', () => sessionStorage.setItem(key, Math.round(list.scrollTop)));
}

// Nobody at the screen: keep the text, cover the page. All windows count as one.
const idle = Number(document.body.dataset.idle ?? 0) * 1000;
if (idle) {
  const touch = () => localStorage.setItem('tokinet-touched', Date.now());
  let last = 0;
  const moved = () => { if (Date.now() - last > 5000) { last = Date.now(); touch(); } };
  touch();
  for (const kind of ['pointerdown', 'keydown', 'scroll', 'wheel', 'touchstart']) addEventListener(kind, moved, { passive: true, capture: true });
  setInterval(async () => {
    if (Date.now() - Number(localStorage.getItem('tokinet-touched')) < idle) return;
    await saveNow();
    location.assign(`/lock?next=${encodeURIComponent(location.pathname + location.search)}`);
  }, 5000);
}
// Choosing every row; a mail that has left is no longer waiting; one menu at a time.
one('[data-many-all]')?.addEventListener('change', (event) => all('.row-choose input').forEach((box) => { box.checked = event.target.checked; }));
const leaves = one('[data-leaves]');
if (leaves) {
  const left = Date.parse(leaves.dateTime) - Date.now();
  // Longer timers overflow; nobody watches the page for days.
  if (left < 24 * 60 * 60 * 1000) setTimeout(() => location.assign('/mail/sent'), Math.max(left, 0) + 1500);
}
addEventListener('click', (event) => all('.menu[open]').forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
