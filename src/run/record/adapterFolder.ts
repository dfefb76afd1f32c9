/** @file The adapters of a run, each a PEFT directory under its id. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadAdapter, saveAdapter } from '../../model/files/peft.ts';
import type { AdapterStore } from '../../optimize/coordinator.ts';

/** @param baseModel the name by which `peft` finds the base model: a Hugging Face id or a folder */
export function adapterFolder(directory: string, baseModel: string): AdapterStore {
  return {
    put: async (adapter) => {
      const target = join(directory, adapter.id);
      // The id is a hash of the content, so an existing folder has the same content.
      if (!existsSync(target)) await saveAdapter(target, adapter, { baseModel });
    },
    get: (id) => loadAdapter(join(directory, id)),
  };
}
