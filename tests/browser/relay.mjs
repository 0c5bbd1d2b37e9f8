// A way to a listener that can be stopped: `relay.mjs ADDRESS:PORT` passes bytes both ways on a port
// that it says. As a process of its own it can fall silent as a network does, with `SIGSTOP`: nothing
// ends, nothing is refused, and nothing comes.

import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const OWN = fileURLToPath(import.meta.url);

/** A relay to `place`: its own `place`, and `silence`, `resume` and `close`. */
export async function startRelay(place) {
  const child = spawn(process.execPath, [OWN, place], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => { child.once('exit', done); });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const [port] = await new Promise((said) => {
    createInterface({ input: child.stdout }).once('line', (line) => said([line]));
  });
  const close = async () => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  return {
    place: `127.0.0.1:${port}`,
    silence: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    close,
  };
}

function run(place) {
  const [host, port] = place.split(':');
  const server = createServer((one) => {
    const other = connect(Number(port), host);
    for (const [from, to] of [[one, other], [other, one]]) {
      from.pipe(to);
      from.once('error', () => to.destroy());
      from.once('close', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

if (process.argv[1] === OWN) run(process.argv[2]);
