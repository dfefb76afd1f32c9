/** @file LoRA adapters for a task, trained on this machine: what new ones are like, and how a row becomes tokens. */
import { ofRow } from '../evaluate/ofRow.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { answerAfter, endAfterAnswer, questionText } from '../evaluate/question.ts';
import { checkedLora, initialAdapter, type Adapter, type LoraConfig } from '../model/adapter.ts';
import { trainAdapter } from '../model/adapterTraining.ts';
import { linearNames } from '../model/linears.ts';
import type { LlamaModel } from '../model/llama.ts';
import { textIn } from '../prompt/values.ts';
import { localTrainer, type LocalTrainer, type TrainingParts } from './localTrainer.ts';
import { softTuner } from './softTuner.ts';

export const defaultLora: LoraConfig = { rank: 8, alpha: 16, dropout: 0, targets: linearNames };

/**
 * What a run's new adapters are like: as asked for, in the rest like the one that the run starts from, or the default.
 * @throws TandemError reason 'bad-lora'
 */
export function loraFor(asked: Partial<LoraConfig> = {}, start?: Adapter): LoraConfig {
  const { rank, alpha, dropout, targets } = start?.config ?? defaultLora;
  return checkedLora({
    rank: asked.rank ?? rank,
    alpha: asked.alpha ?? alpha,
    dropout: asked.dropout ?? dropout,
    targets: asked.targets ?? targets,
  });
}

/** @param asked the task, or those of a program's steps, first to last */
export function loraTrainer(model: LlamaModel, asked: Task | readonly Task[], lora: LoraConfig = defaultLora): LocalTrainer {
  const { tokenizer } = model;
  const tasks = 'output' in asked ? [asked] : asked;
  const last = tasks.length - 1;
  const example: TrainingParts['example'] = (prompt, row, soft, step = last) => {
    const task = tasks[step];
    const question = ofRow(row, () => questionText(task, tokenizer, prompt, row.values));
    const answer = model.completionTokens(answerAfter(task, question, textIn(row.values, task.output).trim()));
    // A label is chosen among labels; free text must also learn where to end.
    const ended = task.labels ? answer : [...answer, ...endAfterAnswer(task, tokenizer)];
    return { prompt: model.promptTokens(question, soft), answer: ended };
  };
  return localTrainer({
    outputColumn: tasks[last].output,
    fresh: (seed) => initialAdapter(model.engine.config, lora, seed),
    start(from, options) {
      // Rank, alpha and targets are what the trained matrices mean; dropout says only how training goes on.
      const config = { ...from.config, dropout: lora.dropout };
      return trainAdapter(model.engine, { ...from, config }, { ...options, weightDecay: 0.01 });
    },
    example,
    soft: softTuner(model, example, lora),
  });
}
