/** @file Writes docs/cli.md from the commands: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { manualOf } from '../../src/cli/manual.ts';
import { makeProgram } from '../../src/cli/program.ts';

const file = 'docs/cli.md';
writeFileSync(file, await format(manualOf(makeProgram()), { ...(await resolveConfig(file)), filepath: file }));
