// The office's desk: lists that keep themselves fresh, ticks for all, paper that is shown once.
import { all, one, parse, toast, element } from './dom.js';

// Another clerk, or a device outside, changed what waits: fetch the same page, swap the one part.
let late;
async function refresh(list) {
  const address = list.dataset.liveList;
  const answer = await fetch(address, { headers: { accept: 'text/html' } });
  const page = answer.ok && !answer.redirected && parse(await answer.text());
  const fresh = page && one(`[data-live-list="${address}"]`, page);
  if (!fresh) return;
  all('[data-waiting]').forEach((badge, at) => {
    const new_badge = all('[data-waiting]', page)[at];
    if (new_badge) badge.replaceWith(new_badge);
  });
  const more = Number(fresh.dataset.waitingCount) > Number(list.dataset.waitingCount);
  const focus = list.contains(document.activeElement) && document.activeElement.id;
  // What stands under a finger must not become another's button in the same moment.
  fresh.classList.add('is-settling');
  list.replaceWith(fresh);
  setTimeout(() => fresh.classList.remove('is-settling'), 700);
  if (focus) (document.getElementById(focus) ?? one('#main')).focus({ preventScroll: true });
  if (more) toast('tablet', '端末の登録が、承認を待っています。');
}

function news(event) {
  const list = one('[data-live-list]');
  if (list) {
    clearTimeout(late);
    late = setTimeout(() => refresh(list).catch(() => {}), 150);
    return;
  }
  let waiting;
  try { ({ waiting } = JSON.parse(event.data)); } catch { return; }
  if (!Number.isInteger(waiting)) return;
  const before = Number(one('[data-waiting-number]')?.textContent ?? 0);
  all('[data-waiting]').forEach((badge) => { badge.hidden = !waiting; });
  all('[data-waiting-number]').forEach((number) => { number.textContent = waiting; });
  if (waiting > before) toast('tablet', '端末の登録が、承認を待っています。', element('br'), element('a', { href: '/office/enrolments' }, '開く'));
}

const address = document.body.dataset.live;
let source;
const listen = () => {
  source = new EventSource(address);
  source.addEventListener('enrolments', news);
  source.addEventListener('bye', () => source.close());
};
if (address) {
  listen();
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    listen();
    news({ data: '{}' });
  });
}

// One tick for everybody.
for (const table of all('[data-choose]')) {
  const whole = one('[data-choose-all]', table);
  const each = all('input[name="member"]', table);
  const told = table.closest('form')?.querySelector('[data-chosen]');
  const show = () => {
    const chosen = each.filter((box) => box.checked).length;
    whole.checked = chosen > 0 && chosen === each.length;
    whole.indeterminate = chosen > 0 && chosen < each.length;
    if (told) told.textContent = chosen ? `${chosen}人を選んでいます` : '職員を選んでください';
  };
  whole.disabled = !each.length;
  whole.addEventListener('change', () => { each.forEach((box) => { box.checked = whole.checked; }); show(); });
  each.forEach((box) => box.addEventListener('change', show));
  addEventListener('pageshow', show);
}

// Secrets on paper are shown once: ask before they are lost unprinted.
if ('shownOnce' in document.body.dataset) {
  let printed = false;
  addEventListener('afterprint', () => { printed = true; });
  addEventListener('beforeunload', (event) => { if (!printed) event.preventDefault(); });
}
