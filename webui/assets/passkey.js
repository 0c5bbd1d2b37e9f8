// Passkeys: the browser's half. The question stands in the form, the answer is posted with it.
import { all, one } from './dom.js';

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const keys = (list = []) => list.map((key) => ({ ...key, id: bytes(key.id) }));

// Written out by hand: tablets of two years ago know neither parse…FromJSON nor toJSON.
async function make(asked) {
  const made = await navigator.credentials.create({ publicKey: {
    ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) },
    excludeCredentials: keys(asked.excludeCredentials),
  } });
  return { made, response: {
    attestationObject: text(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  } };
}

async function prove(asked) {
  const made = await navigator.credentials.get({ publicKey: {
    ...asked, challenge: bytes(asked.challenge), allowCredentials: keys(asked.allowCredentials),
  } });
  const { authenticatorData, signature, userHandle } = made.response;
  return { made, response: {
    authenticatorData: text(authenticatorData), signature: text(signature),
    userHandle: userHandle?.byteLength ? text(userHandle) : null,
  } };
}

const REASONS = {
  NotAllowedError: '確認できませんでした。時間切れか、途中でやめたようです。もう一度お試しください。',
  InvalidStateError: 'このパスキーは、もう登録されています。',
  NotSupportedError: 'この端末では使えない種類のパスキーです。',
  SecurityError: 'このアドレスでは、パスキーを使えません。',
};

for (const form of all('form[data-passkey]')) {
  const asked = JSON.parse(form.dataset.asked);
  const button = one('button[type=submit]', form);
  const said = one('[data-said]', form);
  const say = (words) => { said.hidden = !words; one('span', said).textContent = words; };
  const host = asked.rpId ?? asked.rp?.id;
  // A key belongs to one host; behind another address no browser would find it.
  const elsewhere = location.hostname !== host && !location.hostname.endsWith(`.${host}`);
  if (elsewhere || !window.PublicKeyCredential) {
    button.disabled = true;
    say(elsewhere
      ? `パスキーは https://${host} でだけ使えます。この入口（お試しなど）では使えません。`
      : 'このブラウザーでは、パスキーを使えません。');
    continue;
  }
  form.addEventListener('submit', async (event) => {
    const answer = one('input[name=answer]', form);
    if (answer.value) return;
    event.preventDefault();
    button.disabled = true;
    say('');
    try {
      const { made, response } = await (form.dataset.passkey === 'make' ? make : prove)(asked);
      answer.value = JSON.stringify({
        id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {},
        response: { ...response, clientDataJSON: text(made.response.clientDataJSON) },
      });
      form.submit();
    } catch (error) {
      button.disabled = false;
      say(REASONS[error.name] ?? '確認できませんでした。もう一度お試しください。');
      button.focus();
    }
  });
  button.disabled = false;
}
