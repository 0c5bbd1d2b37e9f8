// Two soft notes. A browser that nobody has touched yet stays silent.
let sounds;

export async function chime() {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (!Context) return false;
  sounds ??= new Context();
  // Waits for a touch that may never come.
  sounds.resume().catch(() => {});
  if (sounds.state !== 'running' && !navigator.userActivation?.hasBeenActive) return false;
  [[659.25, 0], [880, 0.16]].forEach(([pitch, after]) => note(pitch, sounds.currentTime + after));
  return true;
}

function note(pitch, at) {
  const [tone, volume] = [sounds.createOscillator(), sounds.createGain()];
  tone.type = 'sine';
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
  tone.connect(volume).connect(sounds.destination);
  tone.start(at);
  tone.stop(at + 0.55);
}
