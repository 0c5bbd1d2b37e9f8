// A page with the keyboard alone: whatever a pointer can press, the Tab key reaches and shows.

// More than the longest page of lists has, so that a trap ends the walk.
const TABS_MAX = 600;

/** Answers what Tab never reaches, and what it reaches without showing it. */
export async function walk(page, name) {
  const wanted = await page.evaluate(mark);
  await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection()?.removeAllRanges();
    scrollTo(0, 0);
  });
  const reached = new Map();
  // Twice round, because a page may open with the focus in its middle.
  for (let tabs = 0; tabs < Math.min(2 * wanted.length + 10, TABS_MAX) && reached.size < wanted.length; tabs += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(shown);
    // A field for a day has several stops inside, which the browser shows itself.
    if (here) reached.set(here.number, reached.get(here.number) || here.visible);
  }
  const label = (number) => wanted.find((one) => one.number === number)?.label;
  return [
    ...wanted.filter(({ number }) => !reached.has(number)).map((one) => `${name}: Tab never reaches ${one.label}`),
    ...[...reached].filter(([number, visible]) => !visible && label(number)).map(([number]) => `${name}: the focus is not seen on ${label(number)}`),
  ];
}

/** In the page: numbers everything that can be pressed or filled in, and describes it. */
function mark() {
  const asked = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable], video[controls]';
  const dialog = document.querySelector('dialog[open]');
  const radios = new Set();
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: false })
    && element.tabIndex >= 0 && !element.disabled && (!dialog || dialog.contains(element));
  const first = (element) => {
    if (element.type !== 'radio') return true;
    const group = `${element.name} ${[...document.forms].indexOf(element.form)}`;
    const chosen = document.querySelectorAll('input[type=radio]:checked');
    const leads = [...chosen].some((one) => one.name === element.name && one.form === element.form)
      ? element.checked : !radios.has(group);
    radios.add(group);
    return leads;
  };
  return [...document.querySelectorAll(asked)].filter(seen).filter(first).map((element, number) => {
    element.dataset.walk = number;
    const words = (element.innerText || element.name || element.getAttribute('aria-label') || '').trim();
    return { number, label: `${element.tagName.toLowerCase()} ${words.slice(0, 40).replaceAll(/\s+/g, ' ')}` };
  });
}

/** In the page: what has the focus, and whether an eye can tell. */
function shown() {
  const element = document.activeElement;
  if (!element || element.dataset.walk === undefined) return null;
  const ring = (one, pseudo) => {
    if (!one) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one, pseudo);
    return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
  };
  const around = [element, element.parentElement, element.closest('label'), element.nextElementSibling];
  const visible = around.some((one) => ring(one)) || ring(element, '::after') || ring(element, '::before');
  return { number: Number(element.dataset.walk), visible };
}
