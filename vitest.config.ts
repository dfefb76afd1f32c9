/** @file Unit tests stand beside their unit; `test/` holds end-to-end tests, which need `npm run build` first; `test/vscode/` those in the editor. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: '100%',
    experimental: { fsModuleCache: true },
    tags: [
      {
        name: 'long',
        description:
          'Whole optimizations, processes of their own, simulations, mutants by the thousand: in `npm test`, not in `npm run check`.',
      },
    ],
    projects: [
      // Generous: machines are shared, and no test is about time.
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'webview/{,answers/,tryIt/}*.test.ts',
            'bench/**/*.test.ts',
            'test/house.test.ts',
            'test/support/*.test.ts',
          ],
          testTimeout: 30_000,
          // Files share loaded modules: the unit tests take half the time.
          isolate: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/*.test.ts', 'webview/test/*.test.ts'],
          exclude: ['test/house.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'vscode',
          include: ['test/vscode/*.test.ts'],
          globalSetup: ['test/vscode/globalSetup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
          // After the others, whose work would slow the editor down.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          // A click in a window that still lays itself out may get lost.
          retry: 1,
        },
      },
    ],
  },
});
