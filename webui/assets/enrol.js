// The enrolment pages: read the card from the address, wait for the office, hand over the password.
document.documentElement.classList.add('js');
const one = (selector) => document.querySelector(selector);

const form = one('[data-enrol]');
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

const wait = one('[data-wait]');
if (wait) {
  const ask = async () => {
    try {
      const answer = await fetch('/e/status', { cache: 'no-store' });
      if (answer.ok && (await answer.json()).state === 'waiting') return;
      if (answer.ok) return location.replace('/e/wait');
    } catch {
      one('[data-wait-state] span:last-child').textContent = '通信が切れています。つながりしだい続けます。';
    }
  };
  setInterval(ask, 3000);
}

one('[data-take]')?.addEventListener('submit', ({ target }) => {
  setTimeout(() => { target.hidden = true; one('[data-taken]').hidden = false; }, 600);
});

one('[data-copy]')?.addEventListener('click', async ({ currentTarget }) => {
  await navigator.clipboard.writeText(currentTarget.dataset.copy);
  one('[data-copied]').textContent = 'コピーしました';
});
