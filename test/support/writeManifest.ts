/** @file Writes what follows from the prompt kinds into package.json and the schema of programs: `npm run manifest`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { withPromptKinds, withPromptNames } from '../../src/extension/manifest.fixture.ts';

type Manifest = Parameters<typeof withPromptKinds>[0];
type Schema = Parameters<typeof withPromptNames>[0];

await rewrite('package.json', (json) => withPromptKinds(json as Manifest));
await rewrite('schemas/tandem.program.schema.json', (json) => withPromptNames(json as Schema));

async function rewrite(file: string, change: (json: unknown) => unknown): Promise<void> {
  const text = JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8'))), undefined, 2);
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}
