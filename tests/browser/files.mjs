// What people attach: a photo with a place in it, a long video, and what is printed.

import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';

/** A photo as a tablet takes it, with its camera and its place; drawn by the browser of `page`. */
export async function drawPhoto(page, { width, height }) {
  const base64 = await page.evaluate(async ([w, h]) => {
    const canvas = new OffscreenCanvas(w, h);
    const pen = canvas.getContext('2d');
    const sky = pen.createLinearGradient(0, 0, w, h);
    sky.addColorStop(0, '#d8b49c');
    sky.addColorStop(1, '#7a3b34');
    pen.fillStyle = sky;
    pen.fillRect(0, 0, w, h);
    for (let n = 0; n < 4000; n += 1) {
      pen.fillStyle = `hsl(${(n * 37) % 60} 60% ${20 + ((n * 13) % 60)}%)`;
      pen.fillRect((n * 7919) % w, (n * 104729) % h, 90, 60);
    }
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    const reader = new FileReader();
    reader.readAsDataURL(blob);
    await new Promise((done) => { reader.onload = done; });
    return reader.result.split(',')[1];
  }, [width, height]);
  const drawn = Buffer.from(base64, 'base64');
  return Buffer.concat([drawn.subarray(0, 2), exif(), drawn.subarray(2)]);
}

export const CAMERA = 'Hidamari Tablet 9';

// APP1 with a TIFF: the maker in IFD0, 35°41' N 139°46' E in the GPS IFD.
function exif() {
  const maker = Buffer.from(`${CAMERA}\0`);
  const numbers = (...pairs) => Buffer.concat(pairs.map(([value, of]) => {
    const rational = Buffer.alloc(8);
    rational.writeUInt32LE(value, 0);
    rational.writeUInt32LE(of, 4);
    return rational;
  }));
  const latitude = numbers([35, 1], [41, 1], [0, 1]);
  const longitude = numbers([139, 1], [46, 1], [0, 1]);
  const entry = (tag, type, count, value) => {
    const row = Buffer.alloc(12);
    row.writeUInt16LE(tag, 0);
    row.writeUInt16LE(type, 2);
    row.writeUInt32LE(count, 4);
    typeof value === 'number' ? row.writeUInt32LE(value, 8) : row.write(value, 8, 'latin1');
    return row;
  };
  const folder = (...rows) => {
    const count = Buffer.alloc(2);
    count.writeUInt16LE(rows.length);
    return Buffer.concat([count, ...rows, Buffer.alloc(4)]);
  };
  const [ascii, long, rational] = [2, 4, 5];
  const first = 8;
  const places = first + 2 + 2 * 12 + 4;
  const values = places + 2 + 4 * 12 + 4;
  const tiff = Buffer.concat([
    Buffer.from('II*\0\x08\0\0\0', 'latin1'),
    folder(
      entry(0x010f, ascii, maker.length, values + 48),
      entry(0x8825, long, 1, places),
    ),
    folder(
      entry(1, ascii, 2, 'N'),
      entry(2, rational, 3, values),
      entry(3, ascii, 2, 'E'),
      entry(4, rational, 3, values + 24),
    ),
    latitude, longitude, maker,
  ]);
  const head = Buffer.from('\xff\xe1\0\0Exif\0\0', 'latin1');
  head.writeUInt16BE(tiff.length + 8, 2);
  return Buffer.concat([head, tiff]);
}

/** The parts of a JPEG: what its segments are called, its size, and the picture itself. */
export function readJpeg(bytes) {
  const segments = [];
  let size;
  let at = 2;
  while (bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const marker = bytes[at + 1];
    segments.push(marker);
    if (marker >= 0xc0 && marker <= 0xc2) {
      size = { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return { segments, size, picture: bytes.subarray(at) };
}

/** An MP4 by its head, noise by the rest, the same in every run. */
export function writeVideo(path, bytes) {
  const head = Buffer.alloc(32);
  head.writeUInt32BE(24, 0);
  head.write('ftypisom\0\0\x02\0isommp42', 4, 'latin1');
  head.writeUInt32BE(bytes - 24, 24);
  head.write('mdat', 28);
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(1024 * 1024);
  const file = openSync(path, 'w');
  writeSync(file, head);
  for (let left = bytes - head.length; left > 0; left -= zeros.length) {
    writeSync(file, noise.update(zeros.subarray(0, Math.min(left, zeros.length))));
  }
  closeSync(file);
}

export async function hashOf(path) {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}

/** Reads the codes of a PDF as a poor copier shows them: grey, 200 dots an inch. */
export function readCodes(pdf, folder) {
  const picture = `${folder}/copied`;
  execFileSync('pdftoppm', ['-gray', '-r', '200', '-singlefile', pdf, picture]);
  const options = ['--quiet', '--raw', '-S*.disable', '-Sqrcode.enable'];
  // It complains where there is no desktop to tell.
  const stdio = ['ignore', 'pipe', 'ignore'];
  const read = execFileSync('zbarimg', [...options, `${picture}.pgm`], { stdio });
  return read.toString().trim().split('\n').sort();
}

/** As a player asks for the middle of a video, with the device of the page. */
export async function fetchRange(page, href, from, to) {
  const answer = await page.evaluate(async ([address, range]) => {
    const got = await fetch(address, { headers: { range } });
    const bytes = new Uint8Array(await got.arrayBuffer());
    return { status: got.status, range: got.headers.get('content-range'), bytes: [...bytes] };
  }, [href, `bytes=${from}-${to}`]);
  return { ...answer, bytes: Buffer.from(answer.bytes) };
}
