/**
 * @file `npm run package [-- <target> …]` builds the extension as one file for each platform, e.g. dist/tandem-linux-x64-0.1.0.vsix, by default
 * for this platform. The file contains everything that it needs: the files of the repository that `.vscodeignore` allows, and in
 * dist/node_modules/ those files of external packages that the bundles reach.
 */
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import { build } from 'esbuild';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './paths.ts';

/** The platforms for which onnxruntime-node has a library. */
const targets = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

const asked = process.argv.slice(2);
const unknown = asked.find((target) => !targets.includes(target));
if (unknown) {
  console.error(`There is no target ${unknown}; there are ${targets.join(', ')}.`);
  process.exit(2);
}
for (const target of asked.length > 0 ? asked : [`${process.platform}-${process.arch}`]) await packageFor(target);

async function packageFor(target: string): Promise<void> {
  const stage = mkdtempSync(join(tmpdir(), 'tandem-package-'));
  const copy = (from: string, to = from): void => cpSync(join(root, from), join(stage, to));
  try {
    for (const file of await listFiles({ cwd: root, packageManager: PackageManager.None })) copy(file);
    // Not in node_modules/ itself: vsce leaves that folder out unless npm has installed the packages there.
    for (const file of await packageFiles(target)) copy(file, join('dist', file));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    // The packages are already in place, so npm has nothing left to do.
    for (const key of ['scripts', 'dependencies', 'devDependencies']) delete manifest[key];
    writeFileSync(join(stage, 'package.json'), JSON.stringify(manifest, null, 2));
    // Everything in this folder goes into the package.
    writeFileSync(join(stage, '.vscodeignore'), '');
    const packagePath = join(root, 'dist', `tandem-${target}-${String(manifest.version)}.vsix`);
    mkdirSync(dirname(packagePath), { recursive: true });
    await createVSIX({ cwd: stage, target, packagePath, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The files of node_modules/ that the bundles reach on the target platform. */
async function packageFiles(target: string): Promise<string[]> {
  const [platform, architecture] = target.split('-');
  const { metafile } = await build({
    entryPoints: ['cli.js', 'worker.js', 'extension.cjs'].map((file) => join('dist', file)),
    absWorkingDir: root,
    outdir: 'unused',
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['vscode'],
    loader: { '.node': 'empty' },
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const reached = Object.keys(metafile.inputs).filter((file) => file.startsWith('node_modules/'));
  const native = reached.filter((file) => file.endsWith('.node') && file.includes(`/${platform}/${architecture}/`));
  if (native.length === 0) throw new Error(`onnxruntime-node has no library for ${target}.`);
  const folders = new Set(reached.flatMap(foldersOf));
  return [
    ...reached.filter((file) => !file.endsWith('.node')),
    ...native.flatMap((file) => nativeFiles(dirname(file))),
    ...[...folders].flatMap(besideCode),
  ];
}

/** The folders that contain a file of a package, starting with the package's own folder. */
function foldersOf(file: string): string[] {
  const [, own, inner] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(file)!;
  const names = inner.split('/').slice(0, -1);
  return [own, ...names.map((_, i) => [own, ...names.slice(0, i + 1)].join('/'))];
}

/** A native module and the libraries that it loads. If a library has two names, only the one that the module uses. */
function nativeFiles(folder: string): string[] {
  const files = readdirSync(join(root, folder));
  const content = (file: string): Buffer => readFileSync(join(root, folder, file));
  const modules = files.filter((file) => file.endsWith('.node')).map(content);
  const named = (file: string): boolean => modules.some((module) => module.includes(file));
  const copied = (file: string): boolean => files.some((other) => other !== file && named(other) && content(other).equals(content(file)));
  return files.filter((file) => named(file) || !copied(file)).map((file) => join(folder, file));
}

/** What a package's folder needs in addition to imported code: a manifest, a licence, and files that the code loads by path. */
function besideCode(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(package\.json|licen[cs]e.*|notice.*|.*\.wasm)$/i.test(entry.name))
    .map((entry) => join(folder, entry.name));
}
