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
    const { kind, from, facility, mail } = JSON.parse(event.data);
    const at = `/mail/${encodeURIComponent(mail)}`;
    const [words, href] = {
      Mail: [`新着メール　${from}（${facility}）`, at],
      Reminder: [`まだ開いていないメールがあります　${from}（${facility}）`, at],
      Escalation: ['緊急のメールが開かれていません', `${at}/urgent`],
      Stopped: ['送信できなかったメールがあります', '/mail/drafts'],
    }[kind] ?? ['お知らせがあります', '/'];
    toast(kind === 'Mail' ? 'mail' : 'bell', words, element('br'), element('a', { href }, '開く'));
    refresh();
  });
  source.addEventListener('bye', () => source.close());
}
