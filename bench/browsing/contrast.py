"""Contrast of disabled controls, which axe-core does not check: their text must be readable too."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# Half of what WCAG asks of text that can be acted on: 3 to 1 is its least for anything that has to be seen.
MIN_CONTRAST = 3.0
_MEASURE = """
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const parse = color => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const chain = element => element ? [...chain(element.parentElement), element] : [];
  const behind = element => chain(element).reduce(
    (color, e) => over(parse(getComputedStyle(e).backgroundColor), color), [255, 255, 255, 1]);
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = color => [.2126, .7152, .0722].reduce((sum, weight, i) => sum + weight * linear(color[i] / 255), 0);
  const shown = element => element.getClientRects().length && getComputedStyle(element).visibility !== 'hidden';
  const found = [];
  for (const control of document.querySelectorAll('button:disabled, input:disabled, textarea:disabled')) {
    const isField = control.matches('input, textarea');
    const texts = isField ? [control] : [...control.querySelectorAll('*')].filter(
      e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
    for (const element of texts) {
      if (!shown(element) || (isField && !control.value)) continue;
      const style = getComputedStyle(element), below = behind(element);
      let color = parse(isField ? style.webkitTextFillColor : style.color);
      color[3] *= chain(element).reduce((product, e) => product * Number(getComputedStyle(e).opacity), 1);
      const [a, b] = [light(over(color, below)), light(below)];
      const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      found.push({ text: element.value ?? element.textContent, contrast });
    }
  }
  return found;
}
"""


def measure_disabled(page: Page) -> list[dict[str, Any]]:
    """Return the text of each disabled control that is shown, and its contrast to what is behind it, from 1 to 21."""
    found: list[dict[str, Any]] = page.evaluate(_MEASURE)
    return found
