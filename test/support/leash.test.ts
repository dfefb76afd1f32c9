import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** A command that started another one. Both hold the standard output, which closes when the last of them is gone. */
async function onLeash(): Promise<{ leash: ChildProcess; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-leash-'));
  const leash = spawn(process.execPath, [join(import.meta.dirname, 'leash.mjs'), folder, 'sh', '-c', 'sleep 100 & echo started; wait'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(leash.stdout, 'data');
  return { leash, folder };
}

describe.skipIf(process.platform === 'win32')('a command on a leash', () => {
  test.each([
    ['its starter closes the input', (leash: ChildProcess) => leash.stdin!.end()],
    ['it is asked to end', (leash: ChildProcess) => leash.kill('SIGTERM')],
  ])('is gone with its whole process group and the folder when %s', async (_, end) => {
    const { leash, folder } = await onLeash();
    end(leash);
    await once(leash, 'close');
    expect(existsSync(folder)).toBe(false);
  });

  test('continues if Ctrl-C reaches it too', async () => {
    const { leash, folder } = await onLeash();
    leash.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([leash.exitCode, existsSync(folder)]).toEqual([null, true]);
    leash.stdin!.end();
    await once(leash, 'close');
  });

  test('its exit code is passed on if it ends on its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-leash-'));
    const leash = spawn(process.execPath, [join(import.meta.dirname, 'leash.mjs'), folder, 'sh', '-c', 'exit 7'], { stdio: 'pipe' });
    expect(await once(leash, 'close')).toEqual([7, null]);
    expect(existsSync(folder)).toBe(false);
  });
});
