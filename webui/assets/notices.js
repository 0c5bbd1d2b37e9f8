// The settings of notices: hearing the sound, and letting this device show pushes.
import { one, worker } from './dom.js';
import { chime } from './chime.js';

one('[data-sound-test]')?.addEventListener('click', () => chime());

const push = one('[data-push-key]');
const say = (words) => { one('[data-push-note]').textContent = words; };

async function subscribe() {
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) {
    return say('このブラウザーでは使えません。iPadでは、ホーム画面に追加してから開いてください。');
  }
  if (await Notification.requestPermission() !== 'granted') {
    return say('ブラウザーが通知を許可していません。ブラウザーの設定で、この画面の通知を許可してください。');
  }
  await navigator.serviceWorker.register(worker(), { scope: '/' });
  const { pushManager } = await navigator.serviceWorker.ready;
  // One of another key would never be told anything.
  await (await pushManager.getSubscription())?.unsubscribe();
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: push.dataset.pushKey });
  const { endpoint, keys } = made.toJSON();
  const body = new URLSearchParams({ token: push.dataset.pushToken, endpoint, key: keys.p256dh, secret: keys.auth });
  const answer = await fetch('/me/notices/push', { method: 'POST', body, redirect: 'manual' });
  if (answer.type !== 'opaqueredirect' && !answer.ok) return say('登録できませんでした。画面を読み込みなおして、もう一度お試しください。');
  location.assign('/me/notices');
}

one('[data-push-start]')?.addEventListener('click', async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  say('確かめています…');
  try {
    await subscribe();
  } catch (error) {
    console.warn(error);
    say('端末の通知サービスにつながりませんでした。回線を確かめて、もう一度お試しください。');
  } finally {
    button.disabled = false;
  }
});
