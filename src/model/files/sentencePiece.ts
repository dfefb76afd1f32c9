/**
 * @file The tokenizer.json that stands for a SentencePiece BPE, from what a GGUF file has of it: texts, scores and types of its tokens. Kudo
 * and Richardson 2018. SentencePiece joins the two neighbours that make the piece of the highest score; a tokenizer.json lists the pairs.
 */
import { TandemError } from '../../errors.ts';
import type { GgufMetadata } from './ggufMetadata.ts';
import type { BpeParts, TokenizerStep } from './tokenizerJson.ts';

const scoresKey = 'tokenizer.ggml.scores';
const typesKey = 'tokenizer.ggml.token_type';
const normal = 1;
const unknown = 2;
const userDefined = 4;
const lastType = 6;

/** Stands for a space. */
const blank = '▁';

/** The tokens' texts; those of user defined tokens, which are looked for in a text as it is, with spaces. */
export function sentencePieceTexts(metadata: GgufMetadata): readonly string[] {
  const types = metadata.numbers(typesKey);
  return metadata.texts('tokenizer.ggml.tokens').map((token, id) => (types[id] === userDefined ? token.replaceAll(blank, ' ') : token));
}

/**
 * As `transformers` converts Llama 2's: a blank before the text and after each added token, as llama.cpp has it too. SentencePiece itself
 * knows no control tokens in a text, and puts no blank after user defined ones.
 * @throws TandemError 'bad-gguf' for scores or types that are missing, not one a token, or out of range; 'unsupported-tokenizer' without byte tokens
 */
export function sentencePieceParts(metadata: GgufMetadata, tokens: readonly string[]): BpeParts {
  const { file } = metadata;
  const oneEach = (key: string, isRight: (value: number) => boolean): readonly number[] => {
    const values = metadata.numbers(key);
    if (values.length !== tokens.length) throw bad(`"${key}" has ${values.length} entries for ${tokens.length} tokens`, file);
    const wrong = values.findIndex((value) => !isRight(value));
    if (wrong >= 0) throw bad(`"${key}" has ${values[wrong]} for the token ${wrong}, "${tokens[wrong].slice(0, 80)}"`, file);
    return values;
  };
  const scores = oneEach(scoresKey, Number.isFinite);
  const types = oneEach(typesKey, (type) => Number.isInteger(type) && type >= 1 && type <= lastType);
  requireBytes(tokens, file);
  const prefixed = metadata.optionalFlag('tokenizer.ggml.add_space_prefix') ?? true;
  const toBlanks: TokenizerStep = { type: 'Replace', pattern: { String: ' ' }, content: blank };
  const toSpaces: TokenizerStep = { type: 'Replace', pattern: { String: blank }, content: ' ' };
  return {
    normalizer: prefixed ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: blank }, toBlanks] } : toBlanks,
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        toSpaces,
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefixed ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      unk_token: tokens[types.indexOf(unknown)] ?? null,
      fuse_unk: true,
      byte_fallback: true,
      merges: mergesOf(tokens, scores, types, file),
    },
  };
}

/** What the vocabulary lacks is written in bytes. */
function requireBytes(tokens: readonly string[], file: string): void {
  const there = new Set(tokens);
  for (let byte = 0; byte < 256; byte++) {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    if (there.has(name)) continue;
    throw new TandemError(
      'unsupported-tokenizer',
      `"tokenizer.ggml.tokens" lacks the byte "${name}": SentencePiece without byte fallback is not supported.`,
      { where: { file } },
    );
  }
}

/** Squares of the lengths of all pieces, summed: what finding the merges costs. 256,000 pieces of Gemma's come to some 15 million. */
const mostWork = 2 ** 26;

/**
 * Every way to make a normal piece of two others, in the order in which they are taken: by the piece's score, in a tie by its id, as the
 * scores of a trained vocabulary go; among the ways to make one piece that with the longer left part, as `transformers` has it. Control,
 * byte, unused and user defined tokens come from no merge.
 */
function mergesOf(tokens: readonly string[], scores: readonly number[], types: readonly number[], file: string): [string, string][] {
  const ids = [...tokens.keys()].filter((id) => types[id] === normal);
  const work = ids.reduce((sum, id) => sum + tokens[id].length ** 2, 0);
  if (work > mostWork) throw bad('"tokenizer.ggml.tokens" has tokens that are far longer than words', file);
  const pieces = new Set(ids.map((id) => tokens[id]));
  const merges: [string, string][] = [];
  for (const id of ids.sort((a, b) => scores[b] - scores[a] || a - b)) {
    const piece = tokens[id];
    for (let cut = piece.length - 1; cut > 0; cut--) {
      const left = piece.slice(0, cut);
      if (!pieces.has(left)) continue;
      const right = piece.slice(cut);
      if (pieces.has(right)) merges.push([left, right]);
    }
  }
  return merges;
}

function bad(what: string, file: string): TandemError {
  return new TandemError('bad-gguf', `This GGUF file is damaged: ${what}.`, { where: { file }, hint: 'Download it again.' });
}
