/** @file What a run starts from besides its prompt. If it is outside the workspace it is copied to the run, so that a resume reads nothing outside. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { saveAdapter } from '../model/files/peft.ts';
import { adapterFolder } from './record/adapterFolder.ts';
import { isInside, requireInside } from './record/inside.ts';
import { amendSpec, type RunDirectory } from './record/runDirectory.ts';
import type { Session } from './session.ts';
import type { RunSpec } from './spec.ts';
import { makeRealFolder } from './record/tandemFolder.ts';
import { readWarmStart, writeRecord } from './warmStarts.ts';

/** Copies a start adapter and a learned start from elsewhere into the run's folder, and names the copies in its record. */
export async function keepStarts(directory: RunDirectory, spec: RunSpec, { adapter, modelSource }: Session): Promise<void> {
  const { workspace, path, adapters } = directory;
  if (adapter && spec.adapter !== undefined && !isInside(workspace, spec.adapter)) {
    await adapterFolder(adapters, modelSource).put(adapter);
    amendSpec(directory, { adapter: join(adapters, adapter.id) });
  }
  const named = namedStart(spec);
  if (named !== undefined && existsSync(named) && !isInside(workspace, named)) {
    const { warm, record } = await readWarmStart(named);
    const own = join(path, 'warm-start');
    makeRealFolder(own);
    // The journal records its name.
    const folder = join(own, basename(named));
    await saveAdapter(folder, warm.adapter, { baseModel: modelSource });
    writeRecord(folder, record);
    amendSpec(directory, { warmStart: folder });
  }
}

/** @throws TandemError reason 'outside-workspace' if the record names others: it may have come with the workspace */
export function requireOwnStarts({ workspace, path }: RunDirectory, spec: RunSpec): void {
  const where = { file: join(path, 'run.json') };
  if (spec.adapter !== undefined) requireInside(workspace, spec.adapter, 'the adapter to start from', where);
  const named = namedStart(spec);
  if (named !== undefined) requireInside(workspace, named, 'its learned start', where);
}

const namedStart = ({ warmStart }: RunSpec): string | undefined => (warmStart === 'auto' || warmStart === 'none' ? undefined : warmStart);
