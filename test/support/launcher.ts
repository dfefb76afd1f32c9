/**
 * @file Replaces the executable of VS Code in `runTests`. It opens the folder and the extension from its arguments on a server, in Chromium,
 * runs the tests in the extension host, and exits with their code. TANDEM_TEST_VSCODE chooses the version.
 */
import { chromium } from 'playwright-core';
import { chromiumArguments, findChromium } from './chromium.ts';
import { openPage } from './page.ts';
import { startServer } from './server.ts';
import { defaultVersion } from './versions.ts';

/** Milliseconds that the tests may take. */
const patience = 5 * 60_000;

const option = (name: string): string => {
  const start = `--${name}=`;
  const found = process.argv.find((word) => word.startsWith(start));
  if (!found) throw new Error(`${start}… is missing`);
  return found.slice(start.length);
};

/** The console output, printed if something is wrong. Complaints about missing native parts, which every server makes, are left out. */
let log = '';
const onLog = (...words: unknown[]): void => {
  const line = words.join(' ');
  if (!/spdlog|native-watchdog/.test(line)) log += `${line}\n`;
};

const server = await startServer({ version: defaultVersion(), extension: 'development', forTests: true });
const browser = await chromium.launch({ ...(await findChromium()), args: chromiumArguments });
try {
  process.exitCode = await new Promise<number>((resolve, reject) => {
    setTimeout(() => reject(new Error(`The tests did not end within ${patience / 60_000} minutes.\n${server.log()}`)), patience).unref();
    const extension = option('extensionDevelopmentPath');
    const development = { extension, tests: option('extensionTestsPath'), onLog, onEnd: resolve };
    openPage(browser, { server, workspace: process.argv[2], development }).catch(reject);
  });
  if (process.exitCode !== 0) console.log(log);
} finally {
  await browser.close();
  await server.stop();
}
