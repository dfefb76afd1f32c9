/**
 * @file A tokenizer.json equivalent to a SentencePiece BPE, from what a GGUF file has of it: texts, scores and types of its tokens. Kudo
 * and Richardson 2018. SentencePiece joins the two neighbours that make the piece of the highest score. A tokenizer.json lists the pairs.
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

/** Replaces a space. */
const blank = '▁';

/** The tokens' texts. Those of user defined tokens, which are searched for in the unchanged text, have spaces. */
export function sentencePieceTexts(metadata: GgufMetadata): readonly string[] {
  const types = metadata.numbers(typesKey);
  return metadata.texts('tokenizer.ggml.tokens').map((token, id) => (types[id] === userDefined ? token.replaceAll(blank, ' ') : token));
}

/**
 * Like the conversion of Llama 2's in `transformers`: a blank before the text and after each added token, as in llama.cpp. SentencePiece
 * itself has no control tokens in a text, and puts no blank after user defined ones.
 * @throws TandemError 'bad-gguf' for scores or types that are missing, not one per token, or out of range; 'unsupported-tokenizer' without byte tokens
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

/** Text that the vocabulary lacks is encoded as bytes. */
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

/** The sum of the squared lengths of all pieces, i.e. the cost of finding the merges. Gemma's 256,000 pieces come to about 15 million. */
const mostWork = 2 ** 26;

/**
 * Every way to make a normal piece from two others, in the order of application: by the piece's score, in a tie by its id, like the
 * scores of a trained vocabulary; among the ways to make one piece, the one with the longer left part first, as in `transformers`. Control,
 * byte, unused and user defined tokens result from no merge.
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
