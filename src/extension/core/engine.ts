/** @file Owns the worker processes: the jobs of a folder are done one after the other, each in a process that is watched. */
import { TandemError } from '../../errors.ts';
import type { Patience, Vitality } from '../../run/worker/beat.ts';
import { startWorker, stopPatience, type WorkerClient } from '../../run/worker/client.ts';
import type { JournalLine } from '../../run/record/events.ts';
import type { Notification } from '../../run/worker/protocol.ts';
import type { Host } from '../../run/worker/questions.ts';
import { apply } from '../../run/record/fold.ts';
import { initialState } from '../../run/record/state.ts';
import { wasStopped } from '../../run/words/words.ts';
import { makeEmitter, type Event } from './emitter.ts';
import { isOver, isRun, type Job, type Task } from './job.ts';

export interface Engine {
  /** Those that wait or are worked on, oldest first. */
  readonly jobs: () => readonly Job[];
  /** Takes its turn behind the folder's other jobs. A measurement of the same prompt that still waits is the same job. */
  readonly start: (folder: string, task: Task) => StartedJob;
  /** A run ends at once with what it has accepted so far, a measurement is given up; a process that takes too long over it is ended. */
  readonly stop: (id: number) => void;
  /** Ends the job's process at once; a run can be resumed. */
  readonly end: (id: number) => void;
  /** A job came, went on or came to its end. */
  readonly onDidChange: Event<Job>;
  /** A run wrote a line. `replayed`: a former process did. */
  readonly onDidLine: Event<{ readonly job: Job; readonly line: JournalLine; readonly replayed: boolean }>;
  /** Ends all processes at once; runs can be resumed. */
  readonly dispose: () => Promise<void>;
}

export interface StartedJob {
  readonly id: number;
  /** The job as it was at its end; never rejects. */
  readonly finished: Promise<Job>;
}

export interface EngineOptions {
  /** dist/worker.js */
  readonly workerFile: string;
  /** Answers what workers ask in turn. */
  readonly host?: Host;
  /** Milliseconds that a measuring worker is kept with its model loaded, for the next measurement, or a run of the same prompt. */
  readonly keepWarm?: number;
  /** Milliseconds that a stopped job gets before its process is ended. A run still measures the sealed test. */
  readonly patience?: { readonly run: number; readonly measurement: number };
  /** When a process is called busy or silent. */
  readonly beats?: Patience;
}

interface Lane {
  /** Settled when the folder's last job is over. */
  tail: Promise<unknown>;
  worker?: WorkerClient;
  /** Whom the worker works for. */
  current?: number;
  idle?: NodeJS.Timeout;
  /** What its worker has loaded. */
  warm?: string;
}

export function makeEngine({ workerFile, host = {}, keepWarm = 5 * 60_000, patience = stopPatience, beats }: EngineOptions): Engine {
  const jobs = new Map<number, Job>();
  const ends = new Map<number, { readonly finished: Promise<Job>; readonly resolve: (job: Job) => void }>();
  const lanes = new Map<string, Lane>();
  const changed = makeEmitter<Job>();
  const lined = makeEmitter<{ job: Job; line: JournalLine; replayed: boolean }>();
  let count = 0;
  let closing = false;

  const update = (id: number, change: Partial<Job>): Job => {
    const job = { ...jobs.get(id)!, ...change };
    if (isOver(job)) jobs.delete(id);
    else jobs.set(id, job);
    changed.fire(job);
    if (isOver(job)) {
      ends.get(id)!.resolve(job);
      ends.delete(id);
    }
    return job;
  };

  const hear = (lane: Lane, notification: Notification): void => {
    if (lane.current === undefined) return;
    const id = lane.current;
    const at = Date.now();
    switch (notification.type) {
      case 'heartbeat':
        update(id, { memory: notification.memory });
        break;
      case 'runOpened':
        update(id, { directory: notification.directory });
        break;
      case 'noticed':
        update(id, { notices: [...(jobs.get(id)!.notices ?? []), notification.message] });
        break;
      case 'written':
        update(id, { written: { weights: notification.weights, text: notification.text } });
        break;
      case 'busy': {
        const { what, share } = notification;
        const since = jobs.get(id)!.busy;
        // What is counted began with the message before the first share.
        const isSame = since !== undefined && (share !== undefined || since.what === what);
        update(id, { busy: { what, ...(share !== undefined && { share }), at: isSame ? since.at : at } });
        break;
      }
      case 'line': {
        const { line, replayed } = notification;
        // A resumed run is reported from its beginning.
        const before = line.seq === 0 ? initialState : (jobs.get(id)!.run ?? initialState);
        const job = update(id, { run: apply(before, line), lines: line.seq + 1, lineAt: at, busy: undefined });
        lined.fire({ job, line, replayed });
      }
    }
  };

  const release = async (lane: Lane): Promise<void> => {
    clearTimeout(lane.idle);
    const { worker } = lane;
    lane.worker = undefined;
    lane.warm = undefined;
    await worker?.dispose();
  };

  const workerFor = (lane: Lane): WorkerClient => {
    clearTimeout(lane.idle);
    if (lane.worker) return lane.worker;
    const worker = startWorker({ file: workerFile, onNotification: (notification) => hear(lane, notification), host, patience: beats });
    lane.worker = worker;
    void worker.gone.then(() => lane.worker === worker && (lane.worker = undefined));
    return worker;
  };

  const work = async (lane: Lane, id: number): Promise<void> => {
    const { task } = jobs.get(id) ?? {};
    if (!task) return; // stopped while it waited
    // A run goes on with the model that a measurement has loaded; another one begins with the memory that this holds.
    if (isRunTask(task) && (lane.warm === undefined || lane.warm !== modelOf(task))) await release(lane);
    if (!jobs.has(id)) return;
    const worker = workerFor(lane);
    lane.current = id;
    update(id, { status: 'running', startedAt: Date.now() });
    try {
      const outcome = await ask(worker, task);
      const { run } = jobs.get(id)!;
      update(id, { status: run && wasStopped(run) ? 'stopped' : 'done', vitality: undefined, ...outcome });
    } catch (error) {
      const { status } = jobs.get(id)!;
      const reason = error instanceof TandemError ? error.reason : undefined;
      const stopped = reason === 'stopped' || ((closing || status === 'stopping') && reason === 'worker-died');
      update(id, stopped ? { status: 'stopped' } : { status: 'failed', error: error as Error, lastLines: worker.lastLines() });
    } finally {
      lane.current = undefined;
      lane.warm = modelOf(task);
      if (isRunTask(task)) await release(lane);
      else lane.idle = setTimeout(() => void release(lane), keepWarm).unref();
    }
  };

  const stop = (id: number, how: (worker: WorkerClient, job: Job) => void): void => {
    const job = jobs.get(id);
    const lane = job && lanes.get(job.folder);
    if (lane?.current === id && lane.worker) how(lane.worker, update(id, { status: 'stopping' }));
    else if (job) update(id, { status: 'stopped' });
  };

  const watch = setInterval(() => {
    for (const { worker, current } of lanes.values()) {
      if (!worker || current === undefined) continue;
      const vitality = worker.vitality();
      const { vitality: known } = jobs.get(current)!;
      if (isSameVitality(vitality, known)) continue;
      update(current, { vitality, lastLines: vitality.kind === 'silent' ? worker.lastLines() : undefined });
    }
  }, 250);
  watch.unref();

  return {
    jobs: () => [...jobs.values()],
    start(folder, task) {
      const twin = [...jobs.values()].find((job) => job.folder === folder && job.status === 'waiting' && isSameMeasurement(job.task, task));
      if (twin) return { id: twin.id, finished: ends.get(twin.id)!.finished };
      const id = count++;
      let resolve = (_: Job): void => {};
      const finished = new Promise<Job>((settle) => (resolve = settle));
      ends.set(id, { finished, resolve });
      jobs.set(id, { id, folder, task, status: 'waiting', ...(task.kind === 'resume' && { directory: task.directory.path }) });
      const lane = lanes.get(folder) ?? { tail: Promise.resolve() };
      lanes.set(folder, lane);
      lane.tail = lane.tail.then(() => work(lane, id));
      update(id, {});
      return { id, finished };
    },
    stop: (id) => stop(id, (worker, job) => worker.stop(isRun(job) ? patience.run : patience.measurement)),
    end: (id) => stop(id, (worker) => void worker.dispose()),
    onDidChange: changed.event,
    onDidLine: lined.event,
    async dispose() {
      closing = true;
      clearInterval(watch);
      for (const job of jobs.values()) if (job.status === 'waiting') update(job.id, { status: 'stopped' });
      await Promise.all([...lanes.values()].map(release));
    },
  };
}

async function ask(worker: WorkerClient, task: Task): Promise<Partial<Job>> {
  switch (task.kind) {
    case 'optimize':
      return { directory: (await worker.call('optimize', { spec: task.spec })).directory };
    case 'resume': {
      const { directory, allowModules, writerConsent } = task;
      return { directory: (await worker.call('resume', { directory: directory.path, allowModules, writerConsent })).directory };
    }
    case 'preflight':
      return { preflight: await worker.call('preflight', { spec: task.spec, ...(task.within !== undefined && { within: task.within }) }) };
    case 'export':
      return { exported: await worker.call('export', { spec: task.spec }) };
    case 'answer': {
      const { kind: _, prompt: __, ...params } = task;
      return { answers: await worker.call('answer', params) };
    }
    case 'evaluate':
    case 'attribute':
      return { measured: await worker.call(task.kind, { spec: task.spec, split: task.split }) };
  }
}

/** Two readings of one moment differ by how long a beat was under way. */
const isSameVitality = (a: Vitality, b: Vitality = { kind: 'well' }): boolean =>
  a.kind === b.kind && (a.kind === 'well' || b.kind === 'well' || Math.abs(a.since - b.since) < 2000);

/** The later one would measure the same text: it is read from the disk when the turn comes. */
const isSameMeasurement = (a: Task, b: Task): boolean => a.kind === b.kind && !isRunTask(a) && JSON.stringify(a) === JSON.stringify(b);

/** The model that a task loads, as far as its spec says it; the prompt file says the rest. Undefined where it loads none that a run could use. */
function modelOf(task: Task): string | undefined {
  if (task.kind === 'resume' || task.kind === 'export') return undefined;
  const { prompt, model, executor, threads, weights, untrusted } = task.spec;
  return JSON.stringify([prompt, model, executor, threads, weights, untrusted]);
}

const isRunTask = ({ kind }: Task): boolean => kind === 'optimize' || kind === 'resume';
