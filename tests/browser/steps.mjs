// Tests that lead on to each other: after one that fails, the others say so and nothing else.

import { test } from 'node:test';

let broken = false;

export function step(name, work) {
  test(name, async (context) => {
    if (broken) return context.skip('an earlier step failed');
    broken = true;
    await work();
    broken = false;
    return undefined;
  });
}
