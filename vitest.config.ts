/** @file Unit tests stand beside their unit; `test/` holds end-to-end tests, which need `npm run build` first. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Generous: machines are shared, and no test is about time.
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'test/house.test.ts'], testTimeout: 30_000 } },
      {
        test: { name: 'e2e', include: ['test/**/*.test.ts'], exclude: ['test/house.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
});
