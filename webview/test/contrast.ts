/** @file Whether the texts of a page can be read. */
import type { Page } from 'playwright-core';

/** Texts whose contrast with what is behind them is under 4.5:1, which WCAG asks for. */
export async function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const over = (colours: readonly string[]): [number, number, number] => {
      canvas.clearRect(0, 0, 1, 1);
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
      return [r, g, b];
    };
    const luminance = (colour: readonly number[]): number => {
      const [r, g, b] = colour.map((part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const backgrounds = (element: Element | null): string[] =>
      element ? [...backgrounds(element.parentElement), getComputedStyle(element).backgroundColor] : [];
    const faint: string[] = [];
    for (const element of document.querySelectorAll('#page *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      if (!own || element.closest('vscode-button, vscode-single-select, .unseen') || !element.checkVisibility()) continue;
      const behind = backgrounds(element);
      const text = luminance(over([...behind, getComputedStyle(element).color]));
      const ground = luminance(over(behind));
      const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      if (contrast < 4.5) faint.push(`${contrast.toFixed(1)}: ${element.textContent?.slice(0, 40) ?? ''}`);
    }
    return [...new Set(faint)];
  });
}
