// New mail without asking for it.
import { all, one, toast, element } from './dom.js';

const address = document.body.dataset.live;
const plain = document.title.replace(/^\(\d+\) /, '');

function unread(count) {
  document.title = count ? `(${count}) ${plain}` : plain;
  all('[data-unread]').forEach((badge) => { badge.hidden = !count; });
  all('[data-unread-number], [data-home-unread]').forEach((number) => { number.textContent = count; });
}

if (address && one('#announce')) {
  const source = new EventSource(address);
  source.addEventListener('unread', (event) => unread(JSON.parse(event.data).inbox));
  source.addEventListener('arrival', (event) => {
    const { from, facility, mail } = JSON.parse(event.data);
    toast('mail', `新着メール　${from}（${facility}）`, element('br'), element('a', { href: `/mail/${encodeURIComponent(mail)}` }, '開く'));
  });
  source.addEventListener('bye', () => source.close());
}
