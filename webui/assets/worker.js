// Shows that something came, and closes it when it was read elsewhere. Caches nothing, answers no
// request, knows nobody's name.
const TAG = 'arrival';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  let told = {};
  try { told = event.data?.json() ?? {}; } catch { /* Whatever it was, something came. */ }
  event.waitUntil(told.close ? close() : show(told.notification ?? {}));
});

// Always one: a newer takes the place of an older.
function show({ title = '新着メールがあります', body = '' }) {
  return self.registration.showNotification(title, { body, tag: TAG, renotify: true, lang: 'ja' });
}

async function close() {
  for (const shown of await self.registration.getNotifications({ tag: TAG })) shown.close();
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open());
});

// A page that is being written in is left alone: it is only brought to the front.
async function open() {
  const [page] = await self.clients.matchAll({ type: 'window' });
  return page ? page.focus() : self.clients.openWindow('/notices');
}
