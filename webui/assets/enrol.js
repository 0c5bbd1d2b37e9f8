// The enrolment pages: read the card from the address, wait for the office, hand over the password,
// wait for the device's first contact.
document.documentElement.classList.add('js');
const one = (selector) => document.querySelector(selector);

const form = one('[data-enrol]');
// An iPad shows itself as a Macintosh; no Mac has a touch screen.
const isIpad = navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1;
if (form && isIpad && !('failed' in form.dataset)) form.elements.platform.value = 'ipad';

function readCard() {
  const [card, secret] = location.hash.slice(1).split('.');
  if (!form || !card || !secret) return;
  history.replaceState(null, '', location.pathname);
  form.elements.card.value = card;
  form.elements.secret.value = secret;
  one('[data-typed]').hidden = true;
  one('[data-read]').hidden = false;
  if (form.elements.name.value && !('failed' in form.dataset)) form.requestSubmit();
}
readCard();
// A card's address typed where this page is open already loads nothing.
addEventListener('hashchange', readCard);

const ASKED_EVERY_MS = 3000;
const status = async () => {
  const answer = await fetch('/e/status', { cache: 'no-store' });
  return answer.ok ? answer.json() : { state: 'waiting' };
};

if (one('[data-wait]')) {
  const ask = async () => {
    try {
      if ((await status()).state !== 'waiting') location.replace('/e/wait');
    } catch {
      one('[data-wait-state] span:last-child').textContent = '通信が切れています。つながりしだい続けます。';
    }
  };
  setInterval(ask, ASKED_EVERY_MS);
}

// Whoever reads the steps well is done by then; whoever is not wants to know what to try.
const HELP_AFTER_MS = 180_000;
if (one('[data-wait-device]')) {
  const say = (text) => { one('[data-device-state] span:last-child').textContent = text; };
  let issuedAt;
  const ask = async () => {
    try {
      const { state, issued } = await status();
      if (state === 'done') return location.replace('/e/wait');
      if (!issued) return undefined;
      issuedAt ??= Date.now();
      if (Date.now() - issuedAt < HELP_AFTER_MS) {
        say('証明書は渡りました。この端末がはじめてつながるのを待っています。');
      } else {
        say('まだつながっていません。下の「つながらないとき」をお試しください。');
        one('[data-help]').open = true;
      }
    } catch {
      say('通信が切れています。つながりしだい続けます。');
    }
    return undefined;
  };
  setInterval(ask, ASKED_EVERY_MS);
}

document.querySelectorAll('[data-take]').forEach((given) => {
  given.addEventListener('submit', () => {
    // What has gone out once is gone for every button.
    setTimeout(() => {
      document.querySelectorAll('[data-take]').forEach((other) => { other.hidden = true; });
      document.querySelectorAll('[data-taken]').forEach((word) => { word.hidden = false; });
    }, 600);
  });
});

document.querySelectorAll('[data-copy]').forEach((copy) => copy.addEventListener('click', async () => {
  await navigator.clipboard.writeText(copy.dataset.copy);
  copy.parentElement.querySelector('[data-copied]').textContent = 'コピーしました';
}));
