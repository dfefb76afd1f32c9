/**
 * @file The only file that starts other processes (ESLint checks this). A workspace cannot change what they run: no program in it, no module
 * next to their working folder, and no variable that makes them load code.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, relative } from 'node:path';

/**
 * Starts a module of Tandem's own in a Node process with a channel for messages. Its working folder is the module's folder.
 * @param file absolute
 * @param pipes the number of additional pipes; the first has the descriptor 4
 */
export function forkOwn(file: string, args: readonly string[] = [], { pipes = 0 }: { readonly pipes?: number } = {}): ChildProcess {
  return fork(file, args, {
    cwd: dirname(file),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...Array.from({ length: pipes }, () => 'pipe' as const)],
    execArgv: ['--enable-source-maps'],
    env: asNode(safeEnvironment(process.env)),
  });
}

export interface ProgramOptions {
  /**
   * The program's working folder, also for temporary files: new, empty and our own. If this process ends while the program runs, the folder
   * is removed with everything in it.
   */
  readonly folder: string;
  /** Folders to leave out of its PATH, because a program starts others (pip asks `rustc` for its version). */
  readonly workspaces: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Runs a program until it ends. If this process ends first, in whatever way, the program ends too.
 * @param program absolute
 * @returns what went wrong, if anything: the last line of its standard error
 * @throws an AbortError, once the program is gone
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { folder, workspaces, signal }: ProgramOptions,
): Promise<string | undefined> {
  if (!isAbsolute(program)) throw new TypeError(`${program} is not an absolute path`);
  signal?.throwIfAborted();
  const temporary = Object.fromEntries(['TMPDIR', 'TEMP', 'TMP'].map((name) => [name, folder]));
  const path = { [pathName(process.env)]: outside(workspaces, process.env).join(delimiter) };
  const child = spawn(process.execPath, ['-e', leash, '--', folder, program, ...args], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: asNode({ ...safeEnvironment(process.env), ...temporary, ...path }),
    windowsHide: true,
  });
  const letGo = (): void => void child.stdin.end();
  child.stdin.on('error', () => {});
  signal?.addEventListener('abort', letGo);
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint = (complaint + text.toString()).slice(-2000)));
  const problem = await new Promise<string | undefined>((done) => {
    child.on('error', (error) => done(error.message));
    child.on('close', (status) => done(status === 0 ? undefined : complaint.trim().split('\n').at(-1) || `ended with ${status}`));
  });
  signal?.removeEventListener('abort', letGo);
  signal?.throwIfAborted();
  return problem;
}

/**
 * Runs a command while its standard input is open. The input closes if the starting process aborts the command or dies. The starting process
 * decides what SIGINT means.
 */
const leash = `
const { spawn } = require('node:child_process');
const { rmSync } = require('node:fs');
const [folder, command, ...args] = process.argv.slice(1);
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.on(signal, () => {});
const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], windowsHide: true });
let ended = false;
process.stdin.resume().on('close', () => {
  ended = true;
  child.kill('SIGKILL');
});
const leave = (code) => {
  if (ended) {
    process.chdir('/');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
  process.exit(code);
};
child.on('error', (error) => {
  process.stderr.write(error.message + '\\n');
  leave(1);
});
// Whatever ended the command may be about to end the one who started this.
child.on('exit', (code) => (code === 0 ? leave(0) : setTimeout(leave, 200, code ?? 1)));
`;

/**
 * Finds a program on the PATH. It does not use the system's own search, which may look into the working folder. The PATH itself may lead into
 * the workspace (npm adds node_modules/.bin, an activated environment adds its bin).
 * @param workspaces folders whose programs are not run; the user's home and the folders above it do not count
 * @returns its absolute path
 */
export function findProgram(name: string, workspaces: readonly string[], env: NodeJS.ProcessEnv = process.env): string | undefined {
  const foreign = foreignFolders(workspaces);
  for (const folder of outside(workspaces, env)) {
    // Scripts for cmd.exe would need a shell.
    const file = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
    if (isProgram(file) && !foreign.some((workspace) => isWithin(real(file), workspace))) return file;
  }
  return undefined;
}

const foreignFolders = (workspaces: readonly string[]): string[] =>
  workspaces.map(real).filter((folder) => !isWithin(real(homedir()), folder));

/** The folders of the PATH, except relative ones and those in a workspace. */
function outside(workspaces: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const foreign = foreignFolders(workspaces);
  const folders = (env[pathName(env)] ?? '').split(delimiter).filter(isAbsolute);
  return folders.filter((folder) => !foreign.some((workspace) => isWithin(real(folder), workspace)));
}

/** Windows spells it Path. */
const pathName = (env: NodeJS.ProcessEnv): string => Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';

const isWithin = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way === '' || (!/^\.\.(?:[\\/]|$)/.test(way) && !isAbsolute(way));
};

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isProgram(file: string): boolean {
  try {
    // Windows links to programs of its store, and these links cannot be followed.
    if (process.platform === 'win32') return !lstatSync(file).isDirectory();
    const found = statSync(file);
    return found.isFile() && (found.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

/**
 * The variables that other processes get: all except those that make Node or Python load code from elsewhere. In NODE_OPTIONS,
 * only options that set a size, a certificate or a message stay.
 */
export function safeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(?:NODE_OPTIONS|NODE_PATH|PYTHON(?!IOENCODING|UTF8).*)$/i.test(name));
  const options = (env.NODE_OPTIONS ?? '').split(/\s+/).filter((option) => harmless.test(option));
  return { ...Object.fromEntries(kept), ...(options.length > 0 && { NODE_OPTIONS: options.join(' ') }) };
}

const harmless =
  /^--(?:max[-_](?:old|semi)[-_]space[-_]size=\d+|use-(?:openssl|bundled|system)-ca|tls-\S+|dns-result-order=\w+|no-(?:warnings|deprecation)|disable-warning=\w+|stack-trace-limit=\d+|max-http-header-size=\d+|use-env-proxy)$/;

/** In VS Code on a desktop, the executable is Electron, which acts as Node if this variable is set. */
const asNode = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ ...env, ELECTRON_RUN_AS_NODE: '1' });
