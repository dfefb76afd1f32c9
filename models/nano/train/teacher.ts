/**
 * @file SmolLM2-135M-Instruct with a smaller vocabulary, from which nano is cut and from which it learns.
 * `npm run nano -- teacher` writes .work/teacher (a Hugging Face directory) and .work/calibration.json (episodes that no training sees).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { huggingFaceConfig } from '../../../src/model/files/huggingFaceConfig.ts';
import { readGguf } from '../../../src/model/files/gguf.ts';
import { f32 } from '../../../src/model/frozen/f32.ts';
import { frozenIntake } from '../../../src/model/frozen/frozenWeights.ts';
import { writeSafetensors } from '../../../src/model/files/safetensors.ts';
import { makeTokenizer } from '../../../src/model/files/textTokenizer.ts';
import type { TokenizerJson } from '../../../src/model/files/tokenizerJson.ts';
import { resolveModel } from '../../../src/model/store/store.ts';
import type { WeightTensor } from '../../../src/model/weightTensor.ts';
import { readInstructions, readTasks, readTexts } from './corpus.ts';
import { episode } from './episodes.ts';
import { calibrationSeed, specialTokens, vocabularySize, work } from './settings.ts';
import { pruneVocabulary } from './vocabulary.ts';

const intake = frozenIntake(f32);
const source = await readGguf(await resolveModel('smollm2-135m'), () => intake.take);
const sourceWeights = intake.weights.feeds as Readonly<Record<string, WeightTensor>>;
const [json] = JSON.parse(source.tokenizerDefinition) as [TokenizerJson];
/** SmolLM2's template without the system message that it puts before every chat. */
const chatTemplate = readFileSync('models/nano/train/chat-template.jinja', 'utf8').trim();
const texts = readTexts();
const rows = readInstructions('train');
const { json: pruned, kept } = pruneVocabulary(json, countTokens(), vocabularySize, specialTokens);

const directory = join(work, 'teacher');
mkdirSync(directory, { recursive: true });
const embedding = sourceWeights['model.embed_tokens.weight'];
const width = embedding.shape[1];
const rowsKept = new Float32Array(kept.length * width);
kept.forEach((old, id) => rowsKept.set(embedding.data.subarray(old * width, (old + 1) * width), id * width));
const weights = new Map([...Object.entries(sourceWeights), ['model.embed_tokens.weight', { shape: [kept.length, width], data: rowsKept }]]);
const config = { ...source.config, vocabularySize: kept.length };
const write = (name: string, value: unknown): void => writeFileSync(join(directory, name), `${JSON.stringify(value, null, 1)}\n`);
write('config.json', huggingFaceConfig(config));
write('tokenizer.json', pruned);
write('tokenizer_config.json', { chat_template: chatTemplate, eos_token: '<|im_end|>', bos_token: '<|im_start|>' });
await writeSafetensors(join(directory, 'model.safetensors'), weights, { format: 'pt' });

const tokenizer = makeTokenizer({ json: pruned, chatTemplate, endTokens: [], file: directory });
const episodes = Array.from({ length: 400 }, (_, i) => episode({ tasks: readTasks(), rows, texts, tokenizer }, calibrationSeed, i));
writeFileSync(join(work, 'calibration.json'), JSON.stringify(episodes));
console.log(`${directory}: ${kept.length} tokens; ${episodes.reduce((sum, { tokens }) => sum + tokens.length, 0)} tokens of episodes`);
for (const { tokens } of episodes.slice(0, 6)) console.log(`${'-'.repeat(80)}\n${tokenizer.decode(tokens)}`);

/** Instructions count more than books, because prompts look like them. */
function countTokens(): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (text: string, weight: number): void => {
    for (const id of source.tokenizer.encode(text)) counts.set(id, (counts.get(id) ?? 0) + weight);
  };
  for (const text of texts.filter((_, i) => i % 3 === 0)) add(text, 1);
  for (const { input, output } of [...rows.values()].flat()) {
    add(` ${input}\n`, 2);
    add(` ${output}`, 3);
  }
  for (const task of Object.values(readTasks())) if (task.split === 'train') add(task.definition, 20);
  return counts;
}
