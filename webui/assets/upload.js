// Files go up one after the other, with a bar and a way to stop. A lost line, a server that starts
// again or a page that is loaded anew costs nothing: the server says how far it is, we go on there.
import { one, parse, element, icon } from './dom.js';
import { setVersion } from './autosave.js';

const form = one('form[data-upload]');
const waiting = [];
let busy = false;

const WAIT_FIRST_MS = 1000;
const WAIT_MAX_MS = 30000;
// A quarter of an hour without a byte.
const TRIES_MAX = 30;

const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

// What can be tried again, what is over, and why.
class Lost extends Error {}
class Stopped extends Error {}
class Refused extends Error {
  constructor(status, said) {
    const reasons = { 401: 'ログインし直してください。', 413: '大きすぎます。' };
    super(said ?? reasons[status] ?? 'もう一度お試しください。');
  }
}

function add(file) {
  const bar = element('progress', { max: file.size || 1, value: 0, 'aria-label': `${file.name} の送信` });
  const words = element('span', { role: 'status' }, `待っています（${size(file.size)}）`);
  const stop = element('button', { type: 'button', class: 'button is-quiet' }, 'やめる');
  const box = element('div', { class: 'upload' }, icon('clip'), element('span', { class: 'upload-name' }, file.name), stop, element('span', { class: 'upload-state' }, bar, words));
  const job = { file, bar, words, box, stop, stopped: false };
  stop.addEventListener('click', () => {
    job.stopped = true;
    job.give?.();
    const at = waiting.indexOf(job);
    if (at >= 0) waiting.splice(at, 1);
    if (job.href) post(`${job.href}/stop`, {}).catch(() => { /* it is forgotten after a day */ });
    box.remove();
  });
  one('[data-uploads]').append(box);
  waiting.push(job);
  next();
}

async function next() {
  if (busy || !waiting.length) return;
  busy = true;
  const job = waiting.shift();
  try {
    show(await upload(job), job);
  } catch (error) {
    if (!(error instanceof Stopped)) failed(job, error);
  }
  busy = false;
  next();
}

function show(html, job) {
  const page = parse(html);
  setVersion(one('[data-version]', page)?.dataset.version);
  one('[data-attachments]').replaceChildren(...page.body.childNodes);
  job.box.remove();
}

async function upload(job) {
  let wait = WAIT_FIRST_MS;
  let best = -1;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    try {
      const offset = await locate(job);
      if (offset > best) { tries = 0; wait = WAIT_FIRST_MS; best = offset; }
      return await send(job, offset);
    } catch (error) {
      if (job.stopped) throw new Stopped();
      if (!(error instanceof Lost)) throw error;
      job.words.textContent = '通信が切れました。つながりしだい再開します…';
      await pause(job, wait);
      wait = Math.min(wait * 2, WAIT_MAX_MS);
    }
  }
  throw new Refused(0, '通信が切れたままです。電波のよい場所で「もう一度」を押すと、続きから再開します。');
}

// Where to go on; begins where nothing lies yet.
async function locate(job) {
  const { file } = job;
  if (job.href) {
    const answer = await reach(fetch(job.href, { cache: 'no-store', headers: { accept: 'application/json' } }));
    if (answer.status === 204) return Number(answer.headers.get('upload-offset'));
    if (answer.status !== 404) await refuse(answer);
    job.href = null;
  }
  const mark = `${file.name}/${file.size}/${file.lastModified}`;
  const answer = await post(`${form.dataset.upload.replace(/files$/, 'uploads')}`, { name: file.name, bytes: file.size, mark });
  if (answer.status !== 201) await refuse(answer);
  const begun = await answer.json();
  job.href = begun.href;
  return begun.offset;
}

const post = (href, fields) => reach(fetch(href, {
  method: 'POST',
  headers: { accept: 'application/json' },
  body: new URLSearchParams({ token: form.elements.token.value, ...fields }),
}));

const reach = (asking) => asking.catch(() => { throw new Lost(); });

async function refuse(answer) {
  if (answer.status >= 502 && answer.status <= 504) throw new Lost();
  let said;
  try { said = (await answer.json()).message; } catch { /* not for us */ }
  throw new Refused(answer.status, said);
}

// From the offset to the end, in one request: the browser reads the file as the line takes it.
function send(job, offset) {
  const { file, bar, words } = job;
  const total = file.size;
  bar.value = offset;
  words.textContent = offset ? `再開しています… ${size(offset)} / ${size(total)}` : `${size(0)} / ${size(total)}`;
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    job.give = () => request.abort();
    request.open('PUT', `${job.href}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader('x-form-token', form.elements.token.value);
    request.setRequestHeader('upload-offset', offset);
    request.upload.addEventListener('progress', ({ loaded }) => {
      bar.value = offset + loaded;
      words.textContent = offset + loaded < total ? `${size(offset + loaded)} / ${size(total)}` : '確かめています…';
    });
    request.addEventListener('load', () => {
      if (request.status === 200) return done(request.responseText);
      const goOn = request.getResponseHeader('upload-offset') !== null || [404, 408, 503].includes(request.status);
      if (goOn) return fail(new Lost());
      let said;
      try { said = JSON.parse(request.responseText).message; } catch { /* not for us */ }
      fail(new Refused(request.status, said));
    });
    for (const kind of ['error', 'abort', 'timeout']) request.addEventListener(kind, () => fail(new Lost()));
    request.send(offset ? file.slice(offset) : file);
  });
}

// Until the time is over, the line is back, or nobody wants it any more.
function pause(job, wait) {
  return new Promise((done) => {
    const timer = setTimeout(over, wait);
    function over() {
      clearTimeout(timer);
      removeEventListener('online', over);
      done();
    }
    addEventListener('online', over);
    job.give = over;
  });
}

function failed(job, error) {
  const again = element('button', { type: 'button', class: 'button is-quiet' }, 'もう一度');
  job.box.classList.add('is-bad');
  job.bar.remove();
  job.words.textContent = `添付できませんでした。${error instanceof Refused ? error.message : 'もう一度お試しください。'}`;
  again.addEventListener('click', () => { job.box.remove(); add(job.file); });
  job.stop.before(again);
}

if (form) {
  const drop = one('[data-drop]', form);
  form.addEventListener('change', ({ target }) => {
    if (target.type !== 'file') return;
    [...target.files].forEach(add);
    target.value = '';
  });
  form.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    drop.classList.add('is-over');
  });
  form.addEventListener('dragleave', () => drop.classList.remove('is-over'));
  form.addEventListener('drop', (event) => {
    drop.classList.remove('is-over');
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    [...event.dataTransfer.files].forEach(add);
  });
  addEventListener('beforeunload', (event) => { if (busy) event.preventDefault(); });
}
