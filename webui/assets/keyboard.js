// Keys for hands that stay on them; switched off in the same dialog.
import { all, one } from './dom.js';

const dialog = one('#keys');
const choice = one('[data-keys-on]');
const on = () => localStorage.getItem('tokinet-keys') !== 'off';
const rows = () => all('[data-rows] .row');
const focused = () => rows().find((row) => row === document.activeElement);
const box = (row) => one('.row-choose input', row.closest('li'));

const step = (by) => {
  const list = rows();
  const here = list.findIndex((row) => row === document.activeElement);
  const from = here >= 0 ? here : list.findIndex((row) => row.matches('[aria-current]'));
  list[Math.min(Math.max(from + by, 0), list.length - 1)]?.focus();
};

// After an act the page comes anew: the focus goes to the row that was meant, or to its heir.
const KEPT = 'tokinet-row';
const keep = (row) => {
  const at = rows().indexOf(row);
  if (at >= 0) sessionStorage.setItem(KEPT, JSON.stringify({ on: location.pathname, href: row.getAttribute('href'), at }));
};
function restore() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
  sessionStorage.removeItem(KEPT);
  const list = rows();
  if (!kept || !list.length || !kept.on.startsWith('/mail/')) return;
  (list.find((row) => row.getAttribute('href') === kept.href) ?? list[Math.min(kept.at, list.length - 1)]).focus();
}

// What is chosen, else the row in focus, else the mail that is open.
function act(key) {
  const row = focused();
  const bar = one(`[data-many="${key}"]`);
  const chosen = all('.row-choose :checked');
  if (bar && (chosen.length || (row && !row.matches('[aria-current]')))) {
    if (!chosen.length) box(row).checked = true;
    // The star of one row goes off as it came on.
    if (bar.value === 'star' && !chosen.length && one('use[href$="#star-full"]', row)) bar.value = 'unstar';
    keep(row ?? chosen[0].closest('li').querySelector('.row'));
    return bar.click();
  }
  const open = one('[data-rows] .row[aria-current]');
  if (open) keep(open);
  return one(`[data-key="${key}"]`)?.click();
}

const press = (key) => () => one(`[data-key="${key}"]`)?.click();

function back() {
  const open = one('.row[aria-current]');
  if (open) keep(open);
  const way = one('[data-key="u"]') ?? one('[data-rows]');
  const href = way?.getAttribute('href') ?? way?.dataset.back;
  if (href && href !== location.pathname + location.search) location.assign(href);
}

const acts = {
  j: () => step(1),
  k: () => step(-1),
  o: () => focused()?.click(),
  x: () => { const row = focused(); if (row && box(row)) box(row).click(); },
  e: () => act('e'),
  s: () => act('s'),
  u: back,
  c: () => one('.side-write').click(),
  r: press('r'),
  a: press('a'),
  f: press('f'),
  '/': () => { const field = one('[data-search]'); if (field) field.focus(); else location.assign('/directory'); },
  '?': () => (dialog.open ? dialog.close() : dialog.showModal()),
};

// Esc closes what lies above the page, then leaves the field; nothing typed is lost by it.
function escape(event) {
  const menu = one('.menu[open]');
  if (menu) {
    menu.open = false;
    one('summary', menu).focus();
  } else if (event.target.matches('[data-search]')) {
    event.target.blur();
    focusBack();
  }
}
const focusBack = () => (one('.row[aria-current]') ?? one('#main'))?.focus({ preventScroll: true });

const types = (target) => target.matches('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]');

if (dialog) {
  choice.checked = on();
  choice.addEventListener('change', () => localStorage.setItem('tokinet-keys', choice.checked ? 'on' : 'off'));
  one('[data-keys]')?.addEventListener('click', acts['?']);
  // WebKit leaves the focus on a closed dialog's field, where every key would count as typing.
  dialog.addEventListener('close', () => dialog.contains(document.activeElement) && document.activeElement.blur());
  restore();
  addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229 || event.altKey || !on()) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key === 'Enter' && !event.repeat && !dialog.open) one('[data-send]')?.click();
      return;
    }
    if (event.key === 'Escape' && !dialog.open) return escape(event);
    const explained = dialog.open && event.key === '?';
    if (!explained && (dialog.open || types(event.target))) return;
    // A letter held down with Shift is somebody's way to something else.
    const doing = Object.hasOwn(acts, event.key) && acts[event.key];
    if (!doing || (event.repeat && !'jk'.includes(event.key))) return;
    event.preventDefault();
    doing();
  });
}
