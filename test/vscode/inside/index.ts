/** @file The module that VS Code runs as `extensionTestsPath`, bundled to dist/test/inside.cjs. */
import './activation.ts';
import './measured.ts';
import { runTests } from './runner.ts';

export const run = (): Promise<void> => runTests();
