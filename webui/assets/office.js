// The office's desk: lists that keep themselves fresh, ticks for all, paper that is shown once.
import { all, one, parse, toast, element } from './dom.js';
import { hear, hearAgain } from './line.js';

// Another clerk, or a device outside, changed what waits: fetch the page again, swap the one part.
const pageOf = async (address) => {
  const answer = await fetch(address, { headers: { accept: 'text/html' } });
  return answer.ok && !answer.redirected && parse(await answer.text());
};

function count(waiting) {
  const before = Number(one('[data-waiting-number]')?.textContent ?? 0);
  all('[data-waiting]').forEach((badge) => { badge.hidden = !waiting; });
  all('[data-waiting-number]').forEach((number) => { number.textContent = waiting; });
  return waiting > before;
}

// Where the list itself is not shown, its number and a word in the corner.
async function tell() {
  // Only the desk's pages count what waits there.
  if (!one('[data-waiting]')) return;
  const list = one('[data-waiting-count]', (await pageOf('/office/enrolments')) || document.createDocumentFragment());
  if (list && count(Number(list.dataset.waitingCount))) toast('tablet', '端末の登録が、承認を待っています。', element('br'), element('a', { href: '/office/enrolments' }, '開く'));
}

async function swap(list) {
  const { liveList } = list.dataset;
  const page = await pageOf(liveList);
  const fresh = page && one(`[data-live-list="${liveList}"]`, page);
  if (!fresh || fresh.innerHTML === list.innerHTML) return;
  const focus = list.contains(document.activeElement) && document.activeElement.id;
  // What stands under a finger must not become another's button in the same moment.
  fresh.classList.add('is-settling');
  list.replaceWith(fresh);
  setTimeout(() => fresh.classList.remove('is-settling'), 700);
  if (focus) (document.getElementById(focus) ?? one('#main')).focus({ preventScroll: true });
  if (count(Number(fresh.dataset.waitingCount))) toast('tablet', '端末の登録が、承認を待っています。');
}

let late;
let leaving = false;
addEventListener('submit', (event) => { leaving = !event.defaultPrevented; });
function news() {
  clearTimeout(late);
  if (leaving) return;
  late = setTimeout(() => {
    const list = one('[data-live-list]');
    (list ? swap(list) : tell()).catch(() => { /* no network: the next event, or the button, asks again */ });
  }, 150);
}

hear('enrolments', news);
hearAgain(() => { leaving = false; news(); });

// One tick for everybody.
for (const table of all('[data-choose]')) {
  const whole = one('[data-choose-all]', table);
  const each = all('tbody .table-tick input', table);
  const [unit, what] = (table.dataset.choose || '人 職員').split(' ');
  const told = table.closest('form')?.querySelector('[data-chosen]');
  const show = () => {
    const chosen = each.filter((box) => box.checked).length;
    whole.checked = chosen > 0 && chosen === each.length;
    whole.indeterminate = chosen > 0 && chosen < each.length;
    if (told) told.textContent = chosen ? `${chosen}${unit}を選んでいます` : `${what}を選んでください`;
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

// A long list takes a while: a bar that says how far it is, until the next page comes.
addEventListener('submit', (event) => {
  const words = event.target.dataset?.progressWords;
  if (!words || event.defaultPrevented) return;
  const bar = element('progress', { 'aria-label': words });
  const told = element('span', { role: 'status', class: 'nums' }, `${words}…`);
  const box = element('div', { class: 'list-progress' }, bar, told);
  event.target.append(box);
  const where = event.target.dataset.progress;
  let timer;
  let going = true;
  const ask = async () => {
    const answer = await fetch(where, { headers: { accept: 'application/json' } }).catch(() => null);
    const now = answer?.ok && await answer.json();
    if (now) {
      // The rows are looked at once more before they are taken in.
      const checking = now.stage === 'checking';
      bar.max = now.of * 2;
      bar.value = checking ? now.done : now.of + now.done;
      told.textContent = `${checking ? '確かめています' : words}…　${now.done.toLocaleString()}／${now.of.toLocaleString()}行`;
    }
    if (going) timer = setTimeout(ask, 60);
  };
  if (where) ask();
  // Coming back to the page by the browser's own button.
  addEventListener('pageshow', () => { going = false; clearTimeout(timer); box.remove(); }, { once: true });
});
