// Names for listeners, for browsers that take no list of names but a proxy.

import { createServer, request } from 'node:http';

/** `hosts` maps names to places, as in `{'nurse.localhost': '127.0.0.1:8080'}`; others get a 502. */
export async function startProxy(hosts) {
  const server = createServer((asked, answer) => {
    const place = hosts[new URL(asked.url, 'http://nowhere').host];
    if (!place) {
      answer.writeHead(502).end();
      return;
    }
    const [address, port] = place.split(':');
    const { pathname, search, host } = new URL(asked.url);
    const onward = request(
      { host: address, port, method: asked.method, path: pathname + search, headers: { ...asked.headers, host } },
      (got) => {
        answer.writeHead(got.statusCode, got.rawHeaders);
        got.pipe(answer);
      },
    );
    onward.once('error', () => answer.destroy());
    answer.once('close', () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: server.address().port, close };
}
