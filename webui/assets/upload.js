// Files go up one after the other, with a bar and a way to stop.
import { one, parse, element, icon } from './dom.js';
import { setVersion } from './autosave.js';

const form = one('form[data-upload]');
const waiting = [];
let busy = false;

const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

function add(file) {
  const bar = element('progress', { max: file.size || 1, value: 0, 'aria-label': `${file.name} の送信` });
  const words = element('span', {}, `待っています（${size(file.size)}）`);
  const stop = element('button', { type: 'button', class: 'button is-quiet' }, 'やめる');
  const box = element('div', { class: 'upload' }, icon('clip'), element('span', { class: 'upload-name' }, file.name), stop, element('span', { class: 'upload-state' }, bar, words));
  const job = { file, bar, words, box, stop };
  stop.addEventListener('click', () => {
    job.request?.abort();
    const at = waiting.indexOf(job);
    if (at >= 0) waiting.splice(at, 1);
    box.remove();
  });
  one('[data-uploads]').append(box);
  waiting.push(job);
  next();
}

function next() {
  if (busy || !waiting.length) return;
  busy = true;
  const job = waiting.shift();
  const request = job.request = new XMLHttpRequest();
  request.open('PUT', `${form.dataset.upload}?name=${encodeURIComponent(job.file.name)}`);
  request.setRequestHeader('x-form-token', form.elements.token.value);
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    job.bar.value = loaded;
    job.words.textContent = loaded < total ? `${size(loaded)} / ${size(total)}` : '確かめています…';
  });
  request.addEventListener('load', () => {
    if (request.status !== 200) return failed(job, request);
    const page = parse(request.responseText);
    setVersion(one('[data-version]', page)?.dataset.version);
    one('[data-attachments]').replaceChildren(...page.body.childNodes);
    job.box.remove();
  });
  request.addEventListener('error', () => failed(job, request));
  request.addEventListener('loadend', () => { busy = false; next(); });
  request.send(job.file);
}

function failed(job, request) {
  const reasons = { 0: '通信が切れました。', 401: 'ログインし直してください。', 413: '大きすぎます。' };
  let said;
  try { said = JSON.parse(request.responseText).message; } catch { /* not for us */ }
  job.box.classList.add('is-bad');
  job.bar.remove();
  job.words.textContent = `添付できませんでした。${said ?? reasons[request.status] ?? 'もう一度お試しください。'}`;
  const again = element('button', { type: 'button', class: 'button is-quiet' }, 'もう一度');
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
