// A set phrase, or the words that are answered, at the cursor; without scripts the form appends them.
import { one, toast } from './dom.js';

const form = one('form[data-words]');
const body = one('#body');
let touched = false;

function put(words) {
  body.focus();
  // Who has not been in the letter yet has no place in it.
  if (!touched) body.setSelectionRange(body.value.length, body.value.length);
  const before = body.value.slice(0, body.selectionStart);
  const after = body.value.slice(body.selectionEnd);
  const text = `${before && !before.endsWith('\n') ? '\n' : ''}${words}${after.startsWith('\n') || !after ? '\n' : '\n\n'}`;
  // The browser's own undo takes it back.
  if (!document.execCommand('insertText', false, text)) {
    body.setRangeText(text, body.selectionStart, body.selectionEnd, 'end');
    body.dispatchEvent(new Event('input', { bubbles: true }));
  }
  touched = true;
}

if (form && body) {
  body.addEventListener('focus', () => { touched = true; });
  form.addEventListener('click', async (event) => {
    const button = event.target.closest('button[name=insert]');
    if (!button) return;
    event.preventDefault();
    try {
      const answer = await fetch(`${form.dataset.words}?insert=${encodeURIComponent(button.value)}`);
      if (!answer.ok || answer.redirected) throw new Error('failed');
      put(await answer.text());
    } catch {
      toast('warn', '文を入れられませんでした。つながっているか確かめて、もう一度押してください。');
    }
  });
}
