/** @file One training step of a student on episodes. It follows the teacher's distribution at every token, and the right answers. */
import type { Engine } from '../../../src/model/engine.ts';
import { transformerGraph } from '../../../src/model/transformerGraph.ts';
import { int32, packRows, prefixFeeds } from '../../../src/model/packing.ts';
import type { TensorValue } from '../../../src/tensor/executor.ts';
import { gradients } from '../../../src/tensor/gradients.ts';
import { input, type Node } from '../../../src/tensor/graph.ts';
import { crossEntropy, logSoftmax, softmax } from '../../../src/tensor/neuralOps.ts';
import { add, mul, neg, sum } from '../../../src/tensor/ops.ts';
import type { Episode } from './episodes.ts';

export interface StepLoss {
  /** Mean over all tokens of -sum p log q, with the teacher's distribution p and the student's q. Its minimum is the teacher's own entropy. */
  readonly soft: number;
  /** Mean negative log-likelihood of the answers' tokens. */
  readonly hard: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly tokens: number;
}

/** The weight of the right answers relative to the teacher's distribution, in the sum that is minimized. */
const answerWeight = 0.5;

const tokensPerRun = 1600;

/** Gradients of soft + answerWeight * hard over all episodes. Hinton et al. 2015, at temperature 1. */
export async function distillationGradient(student: Engine, teacher: Engine, episodes: readonly Episode[]): Promise<StepLoss> {
  const ask = await teacher.graph('distributions', () => distributionGraph(teacher));
  const learn = await student.graph('distillation', () => studentGraph(student));
  const predicted = episodes.reduce((total, { tokens }) => total + tokens.length - 1, 0);
  const answered = episodes.reduce((total, episode) => total + answerTokens(episode), 0);
  const total = new Map<string, Float32Array>();
  let [soft, hard] = [0, 0];
  for (const part of parts(episodes)) {
    const rows = part.map(({ tokens }) => ({ tokens: tokens.slice(0, -1) }));
    const { feeds } = packRows(rows, 0);
    const count = rows.reduce((all, { tokens }) => all + tokens.length, 0);
    const packed = { ...prefixFeeds([]), ...feeds, asked: int32(Array.from({ length: count }, (_, i) => i)) };
    const { probabilities } = await ask.run({ ...teacher.weights, ...packed });
    const isAnswer = part.flatMap((episode) => answerMask(episode));
    const results = await learn.run({
      ...student.weights,
      ...packed,
      probabilities,
      targets: int32(part.flatMap(({ tokens }) => tokens.slice(1))),
      softWeights: vector(Array.from({ length: count }, () => 1 / predicted)),
      hardWeights: vector(isAnswer.map((answer) => (answer ? answerWeight / answered : 0))),
    });
    soft += results.soft.data[0];
    hard += results.hard.data[0] / answerWeight;
    for (const [name, { data }] of Object.entries(results))
      if (name.startsWith(gradientOf)) accumulate(total, name.slice(gradientOf.length), data as Float32Array);
  }
  return { soft, hard, gradients: total, tokens: predicted };
}

const gradientOf = 'gradient of ';

function distributionGraph(teacher: Engine): Readonly<Record<string, Node>> {
  return { probabilities: softmax(transformerGraph(teacher, { prefix: 'computed', past: false }).logits) };
}

function studentGraph(student: Engine): Readonly<Record<string, Node>> {
  const { logits, parameters } = transformerGraph(student, { prefix: 'computed', past: false });
  const probabilities = input('probabilities', ['M', student.config.vocabularySize]);
  const followed = neg(sum(mul(probabilities, logSoftmax(logits)), [-1]));
  const soft = sum(mul(followed, input('softWeights', ['M'])));
  const hard = sum(mul(crossEntropy(logits, input('targets', ['M'], 'int32')), input('hardWeights', ['M'])));
  const trained = [...parameters];
  const adjoints = gradients(
    add(soft, hard),
    trained.map(([, node]) => node),
  );
  return { soft, hard, ...Object.fromEntries(trained.map(([name], i) => [gradientOf + name, adjoints[i]])) };
}

function accumulate(total: Map<string, Float32Array>, name: string, gradient: Float32Array): void {
  const known = total.get(name);
  if (!known) total.set(name, gradient);
  else for (let i = 0; i < known.length; i++) known[i] += gradient[i];
}

/** Groups episodes of similar length, because attention pads to the longest. */
function parts(episodes: readonly Episode[]): Episode[][] {
  const result: Episode[][] = [];
  let room = 0;
  for (const episode of [...episodes].sort((a, b) => a.tokens.length - b.tokens.length)) {
    if (episode.tokens.length > room) {
      result.push([]);
      room = tokensPerRun;
    }
    result[result.length - 1].push(episode);
    room -= episode.tokens.length;
  }
  return result;
}

/** For each token but the first, whether it belongs to an answer. */
function answerMask({ tokens, answers }: Episode): boolean[] {
  const mask = tokens.map(() => false);
  for (const [start, end] of answers) mask.fill(true, start, end);
  return mask.slice(1);
}

const answerTokens = (episode: Episode): number => answerMask(episode).filter(Boolean).length;

const vector = (values: readonly number[]): TensorValue => ({ shape: [values.length], data: Float32Array.from(values) });
