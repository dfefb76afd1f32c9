/** @file Makes data/messages.jsonl: the messages of ../triage without their intents. Run: node examples/subjects/make.mjs [banking77.train.jsonl] */
import { writeMessages } from '../banking77.mjs';

writeMessages(new URL('data/messages.jsonl', import.meta.url), { skip: 40, answers: false, source: process.argv[2] });
