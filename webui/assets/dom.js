// The few things every module needs.
document.documentElement.classList.add('js');

export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Pages and fragments rendered by this server, and nothing else, become documents here.
const policy = window.trustedTypes?.createPolicy('tokinet', {
  createHTML: (text) => text,
  createScriptURL: (address) => { if (address !== '/sw.js') throw new TypeError(address); return address; },
});
export const worker = () => (policy ? policy.createScriptURL('/sw.js') : '/sw.js');
export const parse = (text) => new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const sprite = one('use')?.getAttribute('href').split('#')[0];
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(space, 'use');
  use.setAttribute('href', `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

// Said aloud by a screen reader, shown in the corner, gone after a while.
export function toast(mark, ...words) {
  return about('', mark, ...words);
}

// The same about one thing: it goes when that was read, here or elsewhere.
export function about(thing, mark, ...words) {
  const close = element('button', { type: 'button', 'aria-label': '閉じる' }, icon('close'));
  const box = element('div', { class: 'toast', 'data-about': thing }, icon(mark), element('span', {}, ...words), close);
  close.addEventListener('click', () => box.remove());
  one('#announce')?.append(box);
  setTimeout(() => box.remove(), 15000);
}
