/**
 * The nats-server of the tests, had as Fashion-MNIST is: where the environment says, on the PATH,
 * in the cache, from Debian's package without installing it, or the official release by its
 * SHA-256.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../src/base/node/cache-folder.js';
import { reasonOf } from '../src/base/node/reason.js';
import { sha256Of } from '../src/base/node/sha256-of.js';
import { type RunCommand, runCommand, unpackDebianPackage } from '../src/data/images/node/debian-package.js';
import { download } from '../src/data/images/node/download.js';

/**
 * Of a release: its archive for each system. The digests are those by which the project's own
 * images are built.
 */
export interface Release {
  readonly base: string;
  readonly version: string;
  readonly sha256: Readonly<Record<string, string>>;
}

/** @see https://github.com/nats-io/nats-docker/blob/main/2.14.x/alpine3.22/Dockerfile */
const officialRelease: Release = {
  base: 'https://github.com/nats-io/nats-server/releases/download',
  version: 'v2.14.5',
  sha256: {
    'linux-amd64': '5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355',
    'linux-arm64': '673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c',
  },
};

export interface NatsProgramOptions {
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly cacheDir?: string;
  readonly run?: RunCommand;
  readonly fetch?: typeof globalThis.fetch;
  readonly release?: Release;
  /** As Go calls it, such as linux-amd64. */
  readonly system?: string;
}

/**
 * Its path, or why there is none: what was tried, one line each. @throws Error when the one that is
 * named does not run
 */
export async function natsProgram(
  options: NatsProgramOptions = {},
): Promise<{ readonly path: string } | { readonly tried: readonly string[] }> {
  const { env = process.env, cacheDir = cacheFolder('nats-server') } = options;
  const named = env.NATS_SERVER;
  if (named !== undefined && named !== '') {
    if (runs(named, env)) return { path: named };
    throw new Error(`NATS_SERVER is "${named}", which does not run`);
  }
  if (runs('nats-server', env)) return { path: 'nats-server' };
  const cached = join(cacheDir, 'nats-server');
  if (existsSync(cached) && runs(cached, env)) return { path: cached };
  const tried: string[] = [];
  for (const [name, fetchTo] of [
    ['the Debian package nats-server', fromDebian],
    ['the official release', fromRelease],
  ] as const) {
    const folder = await mkdtemp(join(tmpdir(), 'commonweight-nats-program-'));
    try {
      await keep(await fetchTo(folder, options), cached);
      if (runs(cached, env)) return { path: cached };
      throw new Error('it does not run on this system');
    } catch (error) {
      tried.push(`${name}: ${reasonOf(error)}`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return { tried };
}

const runs = (program: string, env: Readonly<NodeJS.ProcessEnv>) =>
  spawnSync(program, ['--version'], { stdio: 'ignore', env }).status === 0;

/** Under its name only once it is whole, since others may look for it at the same time. */
async function keep(file: string, cached: string): Promise<void> {
  await mkdir(join(cached, '..'), { recursive: true });
  const part = `${cached}.${process.pid}`;
  await copyFile(file, part);
  await chmod(part, 0o755);
  await rename(part, cached);
}

async function fromDebian(folder: string, { run }: NatsProgramOptions): Promise<string> {
  return join(await unpackDebianPackage('nats-server', folder, { run }), 'usr/sbin/nats-server');
}

async function fromRelease(
  folder: string,
  { run = runCommand, fetch, release = officialRelease, system = thisSystem() }: NatsProgramOptions,
): Promise<string> {
  const { base, version } = release;
  const expected = release.sha256[system];
  if (expected === undefined) throw new Error(`none is known for ${system}`);
  const name = `nats-server-${version}-${system}`;
  const archive = await download(`${base}/${version}/${name}.tar.gz`, name, { fetch });
  const found = sha256Of(archive);
  if (found !== expected) throw new Error(`its SHA-256 is ${found}, expected ${expected}`);
  await writeFile(join(folder, 'release.tar.gz'), archive);
  await run('tar', ['-xzf', 'release.tar.gz'], { cwd: folder, timeoutMs: 60_000 });
  return join(folder, name, 'nats-server');
}

function thisSystem(): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return `${process.platform}-${architecture}`;
}
