/** @file The tools, in the order in which an agent needs them. */
import type { Tool } from '../tool.ts';
import { evaluate } from './evaluate.ts';
import { measureLines } from './measureLines.ts';
import { optimize } from './optimize.ts';
import { render } from './render.ts';
import { results } from './results.ts';

export const tools: readonly Tool[] = [render, evaluate, measureLines, optimize, results];
