/** @file Writes what follows from the prompt kinds into package.json: `npm run manifest`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { withPromptKinds } from '../../src/extension/manifest.fixture.ts';

const file = 'package.json';
const manifest = JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof withPromptKinds>[0];
const text = JSON.stringify(withPromptKinds(manifest), undefined, 2);
writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
