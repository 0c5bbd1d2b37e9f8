// Throwaway certificates, made by openssl in a temporary folder: for the tests of the library.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const P12_PASSWORD = 'only for tests';

/** Makes a CA; `server(host)`, `client(name)` and `device(name)` issue from it and answer paths. */
export function makeAuthority() {
  const folder = mkdtempSync(join(tmpdir(), 'tokinet-material-'));
  const at = (name) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const root = at('root.pem');
  openssl(['req', '-x509', ...key, '-keyout', at('root.key'), '-out', root, '-days', '2',
    '-subj', '/CN=Tokinet test root']);

  const issue = (name, extensions) => {
    const files = { key: at(`${name}.key`), certificate: at(`${name}.pem`) };
    writeFileSync(at(`${name}.ext`), extensions.join('\n'));
    openssl(['req', ...key, '-keyout', files.key, '-out', at(`${name}.csr`),
      '-subj', `/CN=${name}`]);
    openssl(['x509', '-req', '-in', at(`${name}.csr`), '-CA', root, '-CAkey', at('root.key'),
      '-days', '2', '-extfile', at(`${name}.ext`), '-out', files.certificate]);
    return files;
  };
  const server = (host) =>
    issue(host, [`subjectAltName=DNS:${host}`, 'extendedKeyUsage=serverAuth']);
  const client = (name) => issue(name, ['extendedKeyUsage=clientAuth']);
  const device = (name) => {
    const files = client(name);
    const p12 = at(`${name}.p12`);
    openssl(['pkcs12', '-export', '-inkey', files.key, '-in', files.certificate, '-certfile', root,
      '-name', name, '-passout', `pass:${P12_PASSWORD}`, '-out', p12]);
    return p12;
  };
  return { folder, root, server, client, device };
}

function openssl(args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
