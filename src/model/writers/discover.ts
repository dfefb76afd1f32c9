/** @file Searches for a model server on this machine, at the usual addresses. */
import { isWriterTrouble } from '../writer.ts';
import { modelsOf, type EndpointOptions } from './endpoint.ts';

export interface LocalServer {
  readonly name: string;
  readonly url: string;
}

/** Servers by their default ports. The first that answers is used. */
export const localServers: readonly LocalServer[] = [
  { name: 'Ollama', url: 'http://localhost:11434/v1' },
  { name: 'LM Studio', url: 'http://localhost:1234/v1' },
  { name: 'llama.cpp', url: 'http://localhost:8080/v1' },
];

export interface Found extends LocalServer {
  /** The models that can write, in the server's order. */
  readonly models: readonly string[];
}

/** Short, because a server on this machine answers at once. */
const answerTime = 2000;

/** The servers that answer and have a model that can write, in the given order. */
export async function findLocalServers(
  servers: readonly LocalServer[] = localServers,
  options: EndpointOptions & { readonly signal?: AbortSignal } = {},
): Promise<Found[]> {
  // Without a key, because the user did not name the server on this port.
  const asked = { patience: answerTime, ...options, env: {} };
  const found = await Promise.all(
    servers.map(async (server): Promise<Found[]> => {
      try {
        const models = writing(await modelsOf(server.url, asked));
        return models.length > 0 ? [{ ...server, models }] : [];
      } catch (error) {
        if (isWriterTrouble(error)) return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

/** Models for embeddings and reranking are in the same list. */
export const writing = (models: readonly string[]): string[] => models.filter((model) => !/embed|rerank|bge-|whisper|clip/i.test(model));
