/** @file Makes data/messages.jsonl: ten intents of banking77, forty messages each. Run: node examples/support/make.mjs [banking77.train.jsonl] */
import { writeMessages } from '../banking77.mjs';

writeMessages(new URL('data/messages.jsonl', import.meta.url), { source: process.argv[2] });
