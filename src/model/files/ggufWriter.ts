/** @file Writes GGUF files, version 3: typed metadata, then tensors one after the other. The format: ggml's docs/gguf.md. */
import { GGMLQuantizationType, GGUFValueType, serializeGgufMetadata } from '@huggingface/gguf';
import type { GGUFTypedMetadata } from '@huggingface/gguf';
import { numberEncoders, type EncodedFormat } from './numberEncoders.ts';
import { countField, longCountField, type GgufField } from './ggufFields.ts';
import { numberFormats, storedBytes } from './numberFormats.ts';
import { replaceFile } from './replaceFile.ts';
import { pulse } from '../../pulse.ts';

export interface WrittenTensor {
  /** llama.cpp's tensor type number. */
  readonly name: string;
  /** From the outermost dimension. */
  readonly shape: readonly number[];
  readonly format: EncodedFormat;
  /** Called when its turn comes, so that only one tensor is in memory. */
  readonly data: () => Float32Array;
}

/** Writes to a temporary name first, then replaces an existing file completely. */
export async function writeGgufFile(
  path: string,
  fields: Readonly<Record<string, GgufField>>,
  tensors: readonly WrittenTensor[],
): Promise<void> {
  const all: Readonly<Record<string, GgufField>> = {
    version: countField(3),
    tensor_count: longCountField(BigInt(tensors.length)),
    kv_count: longCountField(BigInt(Object.keys(fields).length)),
    ...fields,
  };
  const typed = Object.fromEntries(Object.entries(all).map(([key, { type, value }]) => [key, { ...valueTypes[type], value }]));
  const metadata = serializeGgufMetadata(typed as unknown as GGUFTypedMetadata, { alignment: 1 });
  const infos = tensorInfos(tensors);
  const padding = Buffer.alloc(aligned(metadata.length + infos.length) - metadata.length - infos.length);
  await replaceFile(path, async (file) => {
    for (const part of [metadata, infos, padding]) await file.write(part);
    for (const tensor of tensors) {
      const encoded = numberEncoders[tensor.format](tensor.data());
      await file.write(Buffer.concat([encoded, Buffer.alloc(aligned(encoded.length) - encoded.length)]));
      pulse();
    }
  });
}

const valueTypes: Readonly<Record<GgufField['type'], { readonly type: GGUFValueType; readonly subType?: GGUFValueType }>> = {
  text: { type: GGUFValueType.STRING },
  texts: { type: GGUFValueType.ARRAY, subType: GGUFValueType.STRING },
  count: { type: GGUFValueType.UINT32 },
  longCount: { type: GGUFValueType.UINT64 },
  integers: { type: GGUFValueType.ARRAY, subType: GGUFValueType.INT32 },
  float: { type: GGUFValueType.FLOAT32 },
  flag: { type: GGUFValueType.BOOL },
};

const aligned = (bytes: number): number => Math.ceil(bytes / 32) * 32;

/** Name, dimensions from the innermost, type, offset of each tensor. */
function tensorInfos(tensors: readonly WrittenTensor[]): Buffer {
  let offset = 0;
  const parts = tensors.map(({ name, shape, format }) => {
    const text = Buffer.from(name);
    const info = Buffer.alloc(8 + text.length + 4 + 8 * shape.length + 4 + 8);
    let at = info.writeBigUInt64LE(BigInt(text.length));
    at += text.copy(info, at);
    at = info.writeUInt32LE(shape.length, at);
    for (const size of [...shape].reverse()) at = info.writeBigUInt64LE(BigInt(size), at);
    at = info.writeUInt32LE(GGMLQuantizationType[format], at);
    info.writeBigUInt64LE(BigInt(offset), at);
    offset += aligned(
      storedBytes(
        numberFormats[format],
        shape.reduce((product, size) => product * size, 1),
      ),
    );
    return info;
  });
  return Buffer.concat(parts);
}
