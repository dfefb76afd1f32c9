/** @file Stores the healed model as `models/nano/nano.gguf`: `npm run nano -- pack [--from .work/heal] [--out models/nano/nano.gguf]`. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadModelFiles } from '../../../src/model/files/modelFiles.ts';
import { readSafetensors } from '../../../src/model/files/safetensors.ts';
import type { TokenizerJson } from '../../../src/model/files/tokenizerJson.ts';
import { writeGguf } from '../../../src/model/files/writeGguf.ts';
import { formatOf, work } from './settings.ts';

const { values: options } = parseArgs({
  options: {
    student: { type: 'string', default: join(work, 'student') },
    from: { type: 'string', default: join(work, 'heal', 'checkpoint.safetensors') },
    out: { type: 'string', default: 'models/nano/nano.gguf' },
  },
});
const { config, weights } = await loadModelFiles(options.student);
const healed = existsSync(options.from) ? await readSafetensors(options.from, (name) => weights.has(name)) : weights;
await writeGguf(options.out, {
  name: 'Tandem nano',
  licence: 'apache-2.0',
  config,
  weights: new Map([...weights.keys()].map((name) => [name, healed.get(name)!])),
  formatOf,
  tokenizer: {
    json: JSON.parse(readFileSync(join(options.student, 'tokenizer.json'), 'utf8')) as TokenizerJson,
    pre: 'smollm',
    chatTemplate: readFileSync('models/nano/train/chat-template.jinja', 'utf8').trim(),
    begin: '<|im_start|>',
    end: '<|im_end|>',
  },
});
console.log(`${options.out}: ${(statSync(options.out).size / 1e6).toFixed(1)} MB`);
