// A picture larger, smaller, turned; arrows and Esc as everywhere. The page works without it.
import { one } from './dom.js';

const STEPS = [1, 1.5, 2, 3, 4, 6];
const room = one('[data-room]');
const picture = one('[data-picture]');
let step = 0;
let turns = 0;

function draw() {
  const sideways = turns % 2 === 1;
  room.classList.toggle('is-turned', sideways);
  room.classList.remove('is-large');
  picture.style.width = picture.style.margin = '';
  picture.style.transform = turns ? `rotate(${turns * 90}deg)` : '';
  if (step) {
    const { offsetWidth: width, offsetHeight: height } = picture;
    const wide = width * STEPS[step];
    room.classList.add('is-large');
    picture.style.width = `${wide}px`;
    // Turning does not move the edges that scrolling goes by.
    const over = (wide - height * STEPS[step]) / 2;
    if (sideways) picture.style.margin = `${over}px ${-over}px`;
  }
  one('[data-zoom="out"]').disabled = step === 0;
  one('[data-zoom="in"]').disabled = step === STEPS.length - 1;
}

const zoom = (by) => { step = Math.min(Math.max(step + by, 0), STEPS.length - 1); draw(); };
const turn = () => { turns = (turns + 1) % 4; draw(); };

if (room) {
  one('[data-zoom="in"]').addEventListener('click', () => zoom(1));
  one('[data-zoom="out"]').addEventListener('click', () => zoom(-1));
  one('[data-turn]').addEventListener('click', turn);
  picture.addEventListener('dblclick', () => zoom(step ? -step : 2));
  draw();
}

const acts = {
  Escape: () => one('[data-back]').click(),
  ArrowLeft: () => one('[data-before]')?.click(),
  ArrowRight: () => one('[data-after]')?.click(),
  '+': () => room && zoom(1),
  '-': () => room && zoom(-1),
  r: () => room && turn(),
};

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  // A film has its own arrows, and so has a picture that is larger than the screen.
  const arrows = event.key.startsWith('Arrow');
  if (arrows && (event.target.matches('video') || (step && event.target === room))) return;
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
