/** @file A run may have come with the workspace, from anyone: nothing outside is written or copied, whatever its files say or link to. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { temporaryName } from '../temporary.ts';
import { accept, proposalsOf } from './accept.ts';
import { readRejected } from './record/decisions.ts';
import { executeRun } from './execute.ts';
import { findAdapter } from './exportAdapter.ts';
import { fakeExecution, fakeSpec } from './fakeRun.fixture.ts';
import { writeReport } from './words/reportFile.ts';
import { readResults, writeResults } from './record/results.ts';
import { createRun, findRun, readRecord, readState, requireRunFolders, type RunDirectory } from './record/runDirectory.ts';
import { readRunList } from './record/runList.ts';
import { openJournal, readJournal, truncateJournal } from './record/journal.ts';
import { makeFolder } from './record/tandemFolder.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-foreign-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let home: string;
let workspace: string;
let directory: RunDirectory;
const source = '---\ntandem:\n  data: d.jsonl\n  output: y\n  labels: [a, b]\n---\nRead it: ${input:x}\n';
const adapterOf = (): string => readState(directory).best!.adapter!;

beforeEach(async () => {
  const root = mkdtempSync(join(temporary, 'root-'));
  [home, workspace] = [join(root, 'home'), join(root, 'ws')];
  mkdirSync(join(home, '.ssh'), { recursive: true });
  mkdirSync(join(workspace, '.tandem'), { recursive: true });
  writeFileSync(join(home, '.bashrc'), 'alias ll="ls -l"\n');
  writeFileSync(join(home, '.ssh', 'id_rsa'), 'SECRET-KEY');
  writeFileSync(join(workspace, 'intent.prompt.md'), source);
  directory = createRun({ ...fakeSpec, prompt: join(workspace, 'intent.prompt.md') }, { source, data: {} });
  await executeRun(fakeExecution(directory, () => {}));
  mkdirSync(join(directory.adapters, adapterOf()));
  writeFileSync(join(directory.adapters, adapterOf(), 'adapter_config.json'), '{"peft_type":"LORA"}');
  writeFileSync(join(directory.adapters, adapterOf(), 'adapter_model.safetensors'), '');
});

const record = (): string => join(directory.path, 'run.json');
const edit = (file: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(file, 'utf8');
  const next = text.replaceAll(from, to);
  expect(next).not.toBe(text);
  writeFileSync(file, next);
};
/** Everything below a folder, with file contents. Links are not followed. */
const contents = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return [path, ...contents(path)];
    return [entry.isFile() ? `${path}: ${readFileSync(path, 'utf8')}` : path];
  });
const takeIn = (): void => {
  const state = readState(directory);
  writeReport(directory, state);
  accept(proposalsOf(directory, state), readRejected(directory));
};
const refused = (reason: string, act: () => void = takeIn): void => {
  const before = contents(home);
  expect(act).toThrow(expect.objectContaining({ name: 'TandemError', reason }) as Error);
  expect(contents(home)).toEqual(before);
  expect(contents(workspace).join()).not.toContain('SECRET-KEY');
};

test('an unchanged run is applied', () => {
  takeIn();
  expect(existsSync(join(workspace, '.tandem', 'adapters', `intent-${adapterOf().slice(0, 8)}`, 'adapter_config.json'))).toBe(true);
});

describe('a record that names', () => {
  test.each([
    ['a file outside', '../home/.bashrc', 'outside-workspace'],
    ['a file outside, absolutely', '/etc/passwd', 'outside-workspace'],
    ['what is called like a prompt, outside', '../home/x.prompt.md', 'outside-workspace'],
    ['the workspace itself', '.', 'outside-workspace'],
    ['a file of another kind', '.vscode/tasks.json', 'not-a-prompt'],
    ['nothing', '', 'outside-workspace'],
  ])('%s as its prompt is refused', (_, prompt, reason) => {
    edit(record(), '"intent.prompt.md"', JSON.stringify(prompt));
    refused(reason);
    refused(reason, () => findAdapter({ cwd: workspace, format: 'peft' }));
  });

  test('a prompt that is a link to a file outside is refused', () => {
    renameSync(join(workspace, 'intent.prompt.md'), join(workspace, 'former.prompt.md'));
    symlinkSync(join(home, '.bashrc'), join(workspace, 'intent.prompt.md'));
    refused('outside-workspace');
  });

  test.each(['nowhere', 'intent.prompt.md'])('a prompt that is a link to %s is refused', (to) => {
    rmSync(join(workspace, 'intent.prompt.md'));
    symlinkSync(join(workspace, to), join(workspace, 'intent.prompt.md'));
    refused('outside-workspace');
  });

  test('a step outside the workspace, or one whose text the record lacks, is refused', () => {
    const program = 'steps:\n  - prompt: ../home/x.prompt.md\n    output: y\n';
    edit(record(), '"intent.prompt.md"', '"all.program.yaml"');
    edit(record(), JSON.stringify(source), JSON.stringify(program));
    refused('no-prompt');
    edit(record(), '"data": {}', `"data": {}, "sources": {"../home/x.prompt.md": ${JSON.stringify(source)}}`);
    refused('outside-workspace');
  });
});

test.each(['../../../../../home/.ssh', '/etc', '..', '', 'a/b', 'a\\b'])('%s is refused as the name of an adapter', (id) => {
  edit(directory.journal, JSON.stringify(adapterOf()), JSON.stringify(id));
  refused('bad-journal');
  refused('bad-journal', () => findAdapter({ cwd: workspace, format: 'peft' }));
});

test("a candidate's name cannot lead out of its folder", () => {
  edit(directory.journal, '"candidate":"2.1"', '"candidate":"../../../../x"');
  refused('bad-journal');
});

describe('an adapter that is', () => {
  const folder = (): string => join(directory.adapters, adapterOf());
  const replace = (make: () => void): void => {
    rmSync(folder(), { recursive: true });
    make();
    refused('bad-adapter');
    expect(existsSync(join(workspace, '.tandem', 'adapters'))).toBe(false);
  };
  test('a link is not copied', () => replace(() => symlinkSync(join(home, '.ssh'), folder())));
  test('a file is not copied', () => replace(() => writeFileSync(folder(), 'x')));
  test('missing is not copied', () => replace(() => {}));
  test('a folder of other things is not copied', () =>
    replace(() => {
      mkdirSync(folder());
      writeFileSync(join(folder(), 'notes.txt'), '');
    }));
  test.each(['id_rsa', 'adapter_model.safetensors', 'soft_prompt', 'step-1'])(
    'an adapter that contains a link, %s, is not copied',
    (name) => {
      rmSync(join(folder(), name), { force: true });
      symlinkSync(join(home, '.ssh', 'id_rsa'), join(folder(), name));
      refused('bad-adapter');
    },
  );
  test('an adapter that contains another file is not copied', () => {
    writeFileSync(join(folder(), 'run.sh'), '');
    refused('bad-adapter');
  });
});

describe('a link in place of', () => {
  const link = (to: string, at: string): void => {
    rmSync(at, { recursive: true, force: true });
    symlinkSync(to, at);
  };
  test('.tandem/adapters is not written through', () => {
    link(join(home, '.ssh'), join(workspace, '.tandem', 'adapters'));
    refused('not-a-folder');
  });
  test('.tandem/results, or a folder in it, is not written through', () => {
    const write = (name: string): void => writeResults(join(workspace, name), source, {});
    link(join(home, '.ssh'), join(workspace, '.tandem', 'results'));
    refused('not-a-folder', () => write('intent.prompt.md'));
    rmSync(join(workspace, '.tandem', 'results'));
    mkdirSync(join(workspace, '.tandem', 'results'));
    link(home, join(workspace, '.tandem', 'results', 'prompts'));
    refused('not-a-folder', () => write('prompts/intent.prompt.md'));
  });
  test('results is not read, and is replaced by a file', () => {
    mkdirSync(join(workspace, '.tandem', 'results'));
    writeFileSync(join(home, 'results.json'), '{"version":1,"textHash":"x"}');
    link(join(home, 'results.json'), join(workspace, '.tandem', 'results', 'intent.json'));
    refused('not-a-file', () => readResults(join(workspace, 'intent.prompt.md')));
  });
  test('.tandem is not written through', () => {
    const other = join(workspace, 'other');
    mkdirSync(other);
    link(home, join(other, '.tandem'));
    refused('not-a-folder', () => makeFolder(other, 'runs'));
  });
  test('.tandem/.gitignore is not written through', () => {
    link(join(home, 'new'), join(workspace, '.tandem', '.gitignore'));
    makeFolder(workspace, 'cache');
    expect(existsSync(join(home, 'new'))).toBe(false);
  });
  test('a temporary file is not written through', () => {
    link(join(home, '.bashrc'), temporaryName(directory.report));
    const before = contents(home);
    writeReport(directory, readState(directory));
    expect(contents(home)).toEqual(before);
  });
  test.each(['adapters', 'candidates'] as const)("a run's %s is not written through", (name) => {
    link(home, directory[name]);
    refused('not-a-folder', () => requireRunFolders(directory));
  });
  test('its journal is not read, appended to or cut', () => {
    link(join(home, '.bashrc'), directory.journal);
    refused('not-a-file', () => readJournal(directory.journal));
    refused('not-a-file', () => openJournal(directory.journal, []));
    refused('not-a-file', () => truncateJournal(directory.journal, 0));
  });
  test('a run does not count as a run, and is named in the list', async () => {
    const elsewhere = join(home, 'run');
    renameSync(directory.path, elsewhere);
    link(elsewhere, directory.path);
    refused('bad-run-folder', () => findRun(workspace, directory.run));
    refused('bad-run-folder', () => findRun(workspace, directory.path));
    const unreadable: string[] = [];
    expect(await readRunList(workspace, ({ run, error }) => unreadable.push(`${run} ${error.reason}`))).toEqual([]);
    expect(unreadable).toEqual([`${directory.run} bad-run-folder`]);
  });
  test('.tandem/runs has no runs', () => {
    renameSync(join(workspace, '.tandem', 'runs'), join(home, 'runs'));
    link(join(home, 'runs'), join(workspace, '.tandem', 'runs'));
    refused('bad-run-folder', () => findRun(workspace));
  });
});

test('a folder that is not in .tandem/runs does not count as a run', () => {
  const other = join(workspace, 'mine');
  renameSync(directory.path, other);
  refused('bad-run-folder', () => findRun(workspace, 'mine'));
});

test('reading a record returns what was written', () => {
  const { spec } = readRecord(directory);
  expect(spec).toEqual({ ...fakeSpec, prompt: join(workspace, 'intent.prompt.md') });
});
