/** @file Screenshots of a page for people to look at, and what can be checked of its looks without them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { faintTexts } from './contrast.ts';

const folder = join(import.meta.dirname, '..', '.screenshots');

/** Writes `<name>.png`. The page must not be wider than its window, and every text must stand out from what is behind it. */
export async function shootReadable(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.mouse.move(0, 0);
  await page.waitForTimeout(100);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow, `${name} is wider than the window`).toBe(0);
  expect(await faintTexts(page), name).toEqual([]);
}
