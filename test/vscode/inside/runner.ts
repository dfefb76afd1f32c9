/** @file Runs tests in the extension host, where vitest cannot run, with the few features of vitest that they need. */
import { writeFileSync } from 'node:fs';

export interface Result {
  readonly name: string;
  readonly milliseconds: number;
  /** Absent if the test passed. */
  readonly error?: { readonly message: string; readonly stack?: string };
}

/** The environment variable with the path of the file that receives the results as JSON. */
export const resultsVariable = 'TANDEM_TEST_RESULTS';

const tests: { name: string; run: () => void | Promise<void> }[] = [];

/** Adds a test, which passes if `run` ends without throwing. */
export function test(name: string, run: () => void | Promise<void>): void {
  tests.push({ name, run });
}

/** Waits until `check` ends without throwing. @throws what it threw last */
export async function eventually(check: () => void | Promise<void>, patience = 20_000): Promise<void> {
  for (const end = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** Runs all tests one after the other. @throws if any failed, so that VS Code exits with code 1 */
export async function runTests(limit = 120_000): Promise<void> {
  const results: Result[] = [];
  for (const { name, run } of tests) {
    const started = Date.now();
    const error = await within(limit, run).then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? { message: thrown.message, stack: thrown.stack } : { message: String(thrown) }),
    );
    results.push({ name, milliseconds: Date.now() - started, error });
    console.log(error ? `FAILED ${name}: ${error.stack ?? error.message}` : `ok ${name}`);
  }
  const file = process.env[resultsVariable];
  if (file) writeFileSync(file, JSON.stringify(results));
  const failed = results.filter(({ error }) => error);
  if (failed.length > 0) throw new Error(`${failed.length} of ${results.length} failed: ${failed.map(({ name }) => name).join('; ')}`);
}

async function within(limit: number, run: () => void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took more than ${limit / 1000} s.`)), limit);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}
