/** @file AdamW compared with PyTorch's, and gradient clipping. */
import { expect, test } from 'vitest';
import { adamWDefaults, adamWStep, clipGradients, noMoments } from './adamw.ts';

test('three steps agree with torch.optim.AdamW(lr=0.1, weight_decay=0.01)', () => {
  const p = Float32Array.of(1, -2, 0.5);
  const moments = noMoments();
  const steps = [
    { gradient: [0.5, -1, 0], after: [0.8990000486373901, -1.8980000019073486, 0.49950000643730164] },
    { gradient: [0.1, 2, -3], after: [0.8177969455718994, -1.932712435722351, 0.5734142065048218] },
    { gradient: [-4, 0.25, 1e-6], after: [0.8725067377090454, -1.9660062789916992, 0.6303628087043762] },
  ];
  for (const { gradient, after } of steps) {
    adamWStep(new Map([['p', p]]), new Map([['p', Float32Array.from(gradient)]]), moments, 0.1, { ...adamWDefaults, weightDecay: 0.01 });
    after.forEach((value, i) => expect(p[i]).toBeCloseTo(value, 6));
  }
  expect(moments.step).toBe(3);
});

test('an array without a gradient is unchanged, without decay', () => {
  const p = Float32Array.of(3);
  adamWStep(new Map([['p', p]]), new Map(), noMoments(), 0.1, { ...adamWDefaults, weightDecay: 0.5 });
  expect(p).toEqual(Float32Array.of(3));
});

test('gradients are scaled down together to the limit of their norm, and unchanged below it', () => {
  const gradients = new Map([
    ['a', Float32Array.of(3, 0)],
    ['b', Float32Array.of(-4)],
  ]);
  expect(clipGradients(gradients, 10)).toBe(5);
  expect([...gradients.values()].map((each) => [...each])).toEqual([[3, 0], [-4]]);
  expect(clipGradients(gradients, 1)).toBe(5);
  expect(gradients.get('a')![0]).toBeCloseTo(0.6, 6);
  expect(gradients.get('b')![0]).toBeCloseTo(-0.8, 6);
});
