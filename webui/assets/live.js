// New mail without asking for it.
import { all, one, parse, toast, element } from './dom.js';

const address = document.body.dataset.live;
const plain = document.title.replace(/^\(\d+\) /, '');

function unread(count) {
  document.title = count ? `(${count}) ${plain}` : plain;
  all('[data-unread]').forEach((badge) => { badge.hidden = !count; });
  all('[data-unread-number], [data-home-unread]').forEach((number) => { number.textContent = count; });
}

// An open inbox shows what came, and keeps its place.
async function refresh() {
  if (!one('[data-scroll="inbox"][data-own]') || all('.row-choose :checked').length || new URLSearchParams(location.search).has('after')) return;
  const answer = await fetch('/mail/inbox');
  const page = answer.ok && !answer.redirected && parse(await answer.text());
  if (!page || !one('[data-rows]', page)) return;
  const rows = one('[data-rows]') ? '[data-rows]' : '[data-scroll]';
  for (const part of ['.folders', rows]) one(part).replaceChildren(...one(part, page).childNodes);
  one(`.row[href="${location.pathname}"]`)?.setAttribute('aria-current', 'true');
}

if (address && one('#announce')) {
  const source = new EventSource(address);
  source.addEventListener('unread', (event) => unread(JSON.parse(event.data).inbox));
  source.addEventListener('arrival', (event) => {
    const { from, facility, mail } = JSON.parse(event.data);
    toast('mail', `新着メール　${from}（${facility}）`, element('br'), element('a', { href: `/mail/${encodeURIComponent(mail)}` }, '開く'));
    refresh();
  });
  source.addEventListener('bye', () => source.close());
}
