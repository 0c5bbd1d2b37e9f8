// A look at a page with a tester's eyes: what axe finds at each size, where the Tab key comes, and
// pictures to keep.

import { walk } from './hands.mjs';
import { SIZES, axe, screenshot } from './lib.mjs';

/** Answers the findings, each with the name of the page; none is what a test wants. */
export async function look(page, name) {
  const before = page.viewportSize();
  const findings = [];
  for (const { width, height } of Object.values(SIZES)) {
    await page.setViewportSize({ width, height });
    for (const { id, nodes } of await axe(page)) {
      findings.push(`${name} at ${width}x${height}: ${id}: ${nodes.join('; ')}`);
    }
  }
  await page.setViewportSize(before);
  await screenshot(page, name);
  return [...findings, ...await walk(page, name)];
}
