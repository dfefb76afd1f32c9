/** @file Makes data/messages.jsonl: ten intents of banking77, forty messages each, none of them among those of ../support. Run: node examples/triage/make.mjs [banking77.train.jsonl] */
import { writeMessages } from '../banking77.mjs';

writeMessages(new URL('data/messages.jsonl', import.meta.url), { skip: 40, source: process.argv[2] });
