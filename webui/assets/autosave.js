// Nothing typed is lost: a draft saves itself, one save at a time, and every answer brings the next version.
import { one, parse, element, icon } from './dom.js';

const form = one('form[data-autosave]');
let dirty = false;
let stopped = false;
let leaving = false;
let timer;
let arriving = true;
let queue = Promise.resolve();

const say = (bad, mark, ...words) => {
  const state = one('[data-save-state]');
  state.classList.toggle('is-bad', bad);
  state.replaceChildren(...(mark ? [icon(mark)] : []), element('span', {}, ...words));
};

function fields(name, value) {
  const sent = new URLSearchParams();
  for (const [key, text] of new FormData(form)) if (typeof text === 'string') sent.append(key, text);
  sent.append(name, value);
  return sent;
}

export const setVersion = (version) => { if (form && version) form.elements.version.value = version; };

function over() {
  form.dataset.over = 'yes';
  say(true, 'warn', 'ログインの時間が過ぎました。書いた内容はこの画面に残っています。', element('a', { href: '/login', target: '_blank', rel: 'noopener' }, '別の画面でログインする'));
}

// After a new login in another window the old form token is worth nothing.
async function renew() {
  const page = await fetch(form.action, { headers: { accept: 'text/html' } });
  const token = page.ok && !page.redirected && parse(await page.text()).querySelector('#compose [name=token]');
  if (token) form.elements.token.value = token.value;
  return Boolean(token);
}

async function save(keepalive = false) {
  if (!dirty || stopped) return;
  clearTimeout(timer);
  dirty = false;
  try {
    if (form.dataset.over && !(await renew())) throw new Error('over');
    const answer = await fetch(form.action, { method: 'POST', body: fields('step', 'save'), headers: { accept: 'application/json' }, keepalive });
    if (answer.status === 401) throw new Error('over');
    if (answer.status === 409) {
      stopped = true;
      return say(true, 'warn', (await answer.json()).message);
    }
    if (!answer.ok) throw new Error('failed');
    const { version, saved } = await answer.json();
    setVersion(version);
    delete form.dataset.over;
    say(false, 'done', `${saved} に保存しました`);
  } catch (error) {
    dirty = true;
    if (error.message === 'over') {
      over();
    } else {
      say(true, 'warn', '保存できませんでした。つながりしだい、もう一度保存します。');
    }
    later(8000);
  }
}

const enqueue = (work) => { queue = queue.then(work, work); return queue; };
const later = (wait) => { clearTimeout(timer); timer = setTimeout(() => enqueue(save), wait); };
export const saveNow = () => (form ? enqueue(save) : Promise.resolve());

// Adding or removing somebody changes two parts of the page, not the place where one was.
async function change({ name, value }) {
  const answer = await fetch(form.action, { method: 'POST', body: fields(name, value), headers: { accept: 'text/html' } });
  if (answer.status === 401) return over();
  const page = answer.ok && parse(await answer.text());
  if (!page || !one('#compose-to', page)) throw new Error('failed');
  dirty = false;
  const unfolded = one('[data-picks]')?.open;
  setVersion(one('#compose [name=version]', page).value);
  for (const part of ['#compose-to', '[data-attachments]', '[data-save-state]']) one(part).replaceChildren(...one(part, page).childNodes);
  if (unfolded && one('[data-picks]')) one('[data-picks]').open = true;
  const next = one(name === 'remove_file' ? '.drop input' : (name.endsWith('star') && `button[value="${CSS.escape(value)}"][data-star]`) || '[data-search]');
  next.focus();
  next.select?.();
}

let asking;
async function search(text) {
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(`${form.dataset.recipients}?q=${encodeURIComponent(text)}`, { signal: asking.signal });
    if (answer.ok && !answer.redirected) one('[data-results]').replaceChildren(...parse(await answer.text()).body.childNodes);
  } catch { /* a newer search, or no network */ }
}

if (form) {
  let pause;
  const typed = (event) => {
    if (event.isComposing) return;
    if (event.target.matches('[data-search]')) {
      clearTimeout(pause);
      const text = event.target.value.trim();
      pause = setTimeout(() => search(text), 250);
    } else if (event.target.type !== 'file') {
      if (!dirty && !stopped) say(false, null, '入力中…');
      dirty = true;
      later(1500);
    }
  };
  form.addEventListener('input', typed);
  form.addEventListener('compositionend', typed);
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.matches('input:not([type=file])')) return;
    if (event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (event.target.matches('[data-search]')) search(event.target.value.trim());
  });
  // Whoever comes to the empty field sees those close at hand.
  form.addEventListener('focusin', (event) => {
    const picks = one('[data-picks]');
    if (picks && event.target.matches('[data-search]') && !event.target.value && !arriving) picks.open = true;
  });
  setTimeout(() => { arriving = false; });
  form.addEventListener('submit', (event) => {
    const by = event.submitter;
    if (event.defaultPrevented || leaving || !by) return;
    event.preventDefault();
    if (by.dataset.confirm && !confirm(by.dataset.confirm)) return;
    const go = async () => {
      // While its own submit event is still being told, a form does not submit again.
      await new Promise((done) => { setTimeout(done); });
      if (by.name === 'step') await save();
      if (form.dataset.over || (dirty && by.name === 'step' && !stopped)) return;
      leaving = stopped = true;
      delete by.dataset.confirm;
      form.requestSubmit(by);
    };
    if (['add', 'group', 'star', 'unstar', 'remove', 'remove_file'].includes(by.name)) enqueue(() => change(by).catch(go));
    else enqueue(go);
  });
  // On a slow line people type before the scripts come.
  for (const target of form.querySelectorAll('textarea, input:not([type=hidden], [type=file], [type=radio])')) {
    if (target.value !== target.defaultValue) typed({ target });
  }
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  addEventListener('visibilitychange', () => {
    if (document.hidden) enqueue(() => save(true));
    else if (form.dataset.over) enqueue(save);
  });
  addEventListener('beforeunload', (event) => { if (dirty && !leaving && !stopped) { enqueue(() => save(true)); event.preventDefault(); } });
}
