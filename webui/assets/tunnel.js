// A key for the tunnel, made in this browser where it can: then the private half never leaves it.
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

// The last 32 bytes of PKCS#8 and of SPKI are the key itself.
const RAW_BYTES = 32;
const last = (buffer) => new Uint8Array(buffer).slice(-RAW_BYTES);

async function makeKey() {
  const pair = await crypto.subtle.generateKey('X25519', true, ['deriveBits']);
  return {
    secret: toBase64(last(await crypto.subtle.exportKey('pkcs8', pair.privateKey))),
    open: toBase64(last(await crypto.subtle.exportKey('spki', pair.publicKey))),
  };
}

async function fetchFile(form, key) {
  const fields = new URLSearchParams(new FormData(form));
  fields.set('as', 'json');
  fields.set('public', key.open);
  const answer = await fetch(form.action, {
    method: 'POST', body: fields, headers: { accept: 'application/json' },
  });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  const { name, text, place } = await answer.json();
  return { name, text: text.replace(place, () => key.secret) };
}

function save({ name, text }) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

const tell = (form) => {
  const state = form.parentElement.querySelector('[data-tunnel-state]');
  if (state) state.hidden = false;
};

for (const form of document.querySelectorAll('[data-tunnel="conf"]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    let key;
    try {
      key = await makeKey();
    } catch {
      // An older browser: the box makes the key, for the moment of the download.
      form.submit();
      tell(form);
      return;
    }
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      save(await fetchFile(form, key));
      tell(form);
    } catch {
      // The page that comes says why.
      form.submit();
    } finally {
      button.disabled = false;
    }
  });
}
for (const form of document.querySelectorAll('[data-tunnel="zip"], [data-tunnel="profile"]')) {
  form.addEventListener('submit', () => tell(form));
}
