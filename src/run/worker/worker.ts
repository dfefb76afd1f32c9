/** @file The process that measures prompts and executes runs: the entry of dist/worker.js. */
import { handlersWith } from './handlers.ts';
import { keepOneModel } from './modelKeeper.ts';
import { openModel } from './openModel.ts';
import { serve } from './serve.ts';

serve(handlersWith(keepOneModel(openModel)));
