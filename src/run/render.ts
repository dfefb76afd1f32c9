/** @file The model's exact input for one row: each step's turns, and the text with its special tokens. */
import { dirname } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { openDataset, type Splits } from '../data/openDataset.ts';
import { TandemError } from '../errors.ts';
import { originOf } from '../evaluate/taskFor.ts';
import { questionText } from '../evaluate/question.ts';
import { modelsFolder } from '../model/store/home.ts';
import { locateModel, sourceOf } from '../model/sources/table.ts';
import type { Texts } from '../model/texts.ts';
import type { ChatMessage } from '../model/chatMessages.ts';
import { checkProgram, placed, type Program } from '../prompt/program.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { checkColumns, type PromptFile } from '../prompt/promptFile.ts';
import { messagesOf } from '../prompt/template.ts';
import type { Values } from '../prompt/values.ts';
import { withDate } from './chat.ts';
import { dataFileOf, validationRows } from './measuredRows.ts';
import { openPrompt, samplesOf, type PromptTexts } from './openPrompt.ts';
import { openSession, type SessionOptions } from './session.ts';
import { splitWords, type SessionSpec, type Split } from './spec.ts';
import { requireNothingForeign } from './trust.ts';

export interface RenderOptions extends PromptTexts {
  readonly split: Split | 'train';
  /** 1-based, in the order of the data file. */
  readonly row: number;
  /** If true, a model that is not on this machine is an error. */
  readonly download?: false;
}

export interface Rendered {
  readonly model: string;
  readonly split: RenderOptions['split'];
  readonly row: number;
  /** The number of rows in the split. */
  readonly rows: number;
  /** Where the row is: absolute path of the data file, 1-based line. */
  readonly file: string;
  readonly line: number;
  /** The steps of a program, first to last. */
  readonly steps: readonly RenderedStep[];
}

export interface RenderedStep {
  /** Absolute path of the prompt file. */
  readonly prompt: string;
  /** The name of its answer. */
  readonly output: string;
  readonly template: 'text' | 'chat';
  /** The turns as in the prompt file; a single user turn if it has no roles. */
  readonly messages: readonly ChatMessage[];
  /** The model's input, including special tokens. */
  readonly text: string;
  readonly tokens: number;
}

/**
 * Renders a prompt for a row. The model itself is loaded only for a program, whose earlier steps must answer first.
 * @throws TandemError whatever is wrong with prompt, data or model; 'no-row'
 */
export async function renderPrompt(
  spec: SessionSpec,
  { split, row: number, download, ...texts }: RenderOptions,
  options: Pick<SessionOptions, 'onBusy' | 'models' | 'signal'> = {},
): Promise<Rendered> {
  const { file, program } = openPrompt(spec.prompt, texts);
  if (spec.untrusted) requireNothingForeign(file);
  const files = program ? program.steps : [file];
  const opened = await openDataset(file.settings, spec.prompt, { skipBad: spec.skipBadRows === true });
  const splits = opened.filled(samplesOf(files, opened.columns));
  requireColumns(file, program, splits);
  const rows = rowsOf(splits, spec, split);
  const row = rows.at(number - 1);
  if (!row || number < 1)
    throw new TandemError('no-row', `There is no ${splitWords[split]} row ${number}.`, {
      hint: rows.length > 0 ? `They are counted from 1 to ${rows.length}.` : 'The split has no rows.',
    });
  const source = await modelFor(spec, file, { ...options, ...(download === false && { download }) });
  const {
    name,
    texts: ofModel,
    values,
  } = program
    ? await answered({ ...spec, model: source }, { ...texts, ...options }, row)
    : { ...(await sourceOf(source).texts(source)), values: row.values };
  const steps = files.map((step, place): RenderedStep => {
    const { template, chat, output } = step.settings;
    const prompt = stepsOf(file.prompt)[place];
    const task = withDate({ template, ...(chat && { chat }), origin: originOf(step) }, spec.chatDate);
    const asked = questionText(task, ofModel, prompt, values);
    const messages = messagesOf(prompt, values, task.origin);
    return { prompt: step.path, output, template, messages, ...ofModel.asRead(asked) };
  });
  return { model: name, split, row: number, rows: rows.length, file: dataFileOf(file, split), line: row.line, steps };
}

function requireColumns(file: PromptFile, program: Program | undefined, { columns }: Splits): void {
  const defects = program
    ? checkProgram(program, columns)
    : checkColumns(file, columns).map((problem) => ({ ...problem, path: file.path }));
  const defect = defects.find(({ severity }) => severity === 'error');
  if (defect) throw placed('bad-prompt-file', defect.path, defect);
}

function rowsOf(splits: Splits, { rows }: SessionSpec, split: RenderOptions['split']): Row[] {
  const chosen = {
    train: () => splits.train,
    val: () => validationRows(splits, rows),
    test: () => splits.test.open('a prompt to look at'),
  };
  return [...chosen[split]()].sort((a, b) => a.line - b.line);
}

function modelFor(
  spec: SessionSpec,
  file: PromptFile,
  { onBusy, ...options }: Pick<SessionOptions, 'onBusy' | 'signal'> & { readonly download?: false },
): Promise<string> {
  return locateModel(spec.model ?? file.settings.model, {
    ...options,
    cwd: spec.untrusted ? modelsFolder() : dirname(spec.prompt),
    onProgress: ({ what, received, total }) => onBusy?.(`Downloading ${what}`, total && received / total),
  });
}

interface Answered {
  readonly name: string;
  readonly texts: Texts;
  readonly values: Values;
}

/** The row with the answers of a program's earlier steps. */
async function answered(spec: SessionSpec, options: SessionOptions, row: Row): Promise<Answered> {
  const session = await openSession(spec, options);
  try {
    const { file, adapter, model, programEvaluator } = session;
    options.onBusy?.('Answering the earlier steps');
    const traced = await programEvaluator!.trace({ prompt: file.prompt, ...(adapter && { adapter }) }, [row]);
    return { name: model.name, texts: model.texts, values: traced.rows[0].values };
  } finally {
    await session.dispose();
  }
}
