// Keys for hands that stay on them; switched off in the same dialog.
import { all, one } from './dom.js';

const dialog = one('#keys');
const choice = one('[data-keys-on]');
const on = () => localStorage.getItem('tokinet-keys') !== 'off';

const step = (by) => {
  const rows = all('[data-rows] .row');
  const here = rows.findIndex((row) => row === document.activeElement);
  const from = here >= 0 ? here : rows.findIndex((row) => row.matches('[aria-current]'));
  rows[Math.min(Math.max(from + by, 0), rows.length - 1)]?.focus();
};

const acts = {
  j: () => step(1),
  k: () => step(-1),
  o: () => document.activeElement?.matches('.row') && document.activeElement.click(),
  c: () => one('.side-write').click(),
  r: () => one('[data-key="r"]')?.click(),
  '/': () => { const field = one('[data-search]'); if (field) field.focus(); else location.assign('/directory'); },
  '?': () => (dialog.open ? dialog.close() : dialog.showModal()),
};

if (dialog) {
  choice.checked = on();
  choice.addEventListener('change', () => localStorage.setItem('tokinet-keys', choice.checked ? 'on' : 'off'));
  one('[data-keys]')?.addEventListener('click', acts['?']);
  // WebKit leaves the focus on a closed dialog's field, where every key would count as typing.
  dialog.addEventListener('close', () => dialog.contains(document.activeElement) && document.activeElement.blur());
  addEventListener('keydown', (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !on()) return;
    const explained = dialog.open && event.key === '?';
    if (!explained && (dialog.open || event.target.matches('input, textarea, select, [contenteditable]'))) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
