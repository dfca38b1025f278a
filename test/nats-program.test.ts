import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Of } from '../src/base/node/sha256-of.js';
import type { RunCommand } from '../src/data/images/node/debian-package.js';
import { runCommand } from '../src/data/images/node/debian-package.js';
import { type NatsProgramOptions, natsProgram } from './nats-program.js';

let folder: string;
let cacheDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
  cacheDir = join(folder, 'cache');
});
afterEach(() => rm(folder, { recursive: true }));

async function program(path: string, status = 0): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\nexit ${status}\n`);
  await chmod(path, 0o755);
  return path;
}

const noNetwork: typeof globalThis.fetch = async () => {
  throw new TypeError('fetch failed', { cause: new Error('no network') });
};
const noDebian: RunCommand = async (name) => {
  throw Object.assign(new Error(`${name} is not installed`), { code: 'ENOENT' });
};
/** Nothing is anywhere, unless a test adds it. */
const find = (options: NatsProgramOptions = {}) =>
  natsProgram({ env: { PATH: folder }, cacheDir, run: noDebian, fetch: noNetwork, ...options });

describe('the nats-server of the tests', () => {
  it('is the one that the environment names, and no other where that does not run', async () => {
    await program(join(folder, 'nats-server'));
    const named = await program(join(folder, 'mine'));
    expect(await find({ env: { PATH: folder, NATS_SERVER: named } })).toEqual({ path: named });
    const broken = await program(join(folder, 'broken'), 1);
    await expect(find({ env: { PATH: folder, NATS_SERVER: broken } })).rejects.toThrow(
      `NATS_SERVER is "${broken}", which does not run`,
    );
  });

  it('is that of the PATH, else that of the cache', async () => {
    const cached = await program(join(cacheDir, 'nats-server'));
    expect(await find()).toEqual({ path: cached });
    await program(join(folder, 'nats-server'));
    expect(await find()).toEqual({ path: 'nats-server' });
  });

  it('is unpacked from Debian’s package into the cache', async () => {
    const run: RunCommand = async (name, args, { cwd }) => {
      if (name === 'apt-get') await writeFile(join(cwd, 'nats-server_2_amd64.deb'), '');
      else await program(join(args[2] as string, 'usr/sbin/nats-server'));
    };
    expect(await find({ run })).toEqual({ path: join(cacheDir, 'nats-server') });
    expect(await readdir(cacheDir)).toEqual(['nats-server']);
  });

  describe('is that of the official release', () => {
    const run: RunCommand = (name, ...rest) => (name === 'tar' ? runCommand : noDebian)(name, ...rest);
    const system = 'linux-amd64';
    const released = async (digest?: string): Promise<NatsProgramOptions> => {
      const name = `nats-server-v2.0.0-${system}`;
      await program(join(folder, name, 'nats-server'));
      const options = { cwd: folder, timeoutMs: 10_000 };
      await runCommand('tar', ['-czf', 'release', name], options);
      const archive = await readFile(join(folder, 'release'));
      const url = `https://release/v2.0.0/${name}.tar.gz`;
      const fetch = async (asked: unknown) => new Response(archive, { status: asked === url ? 200 : 404 });
      const release = {
        base: 'https://release',
        version: 'v2.0.0',
        sha256: { [system]: digest ?? sha256Of(archive) },
      };
      return { run, fetch: fetch as typeof globalThis.fetch, system, release };
    };

    it('with its SHA-256', async () => {
      expect(await find(await released())).toEqual({ path: join(cacheDir, 'nats-server') });
    });

    it('and nothing that has another', async () => {
      const found = await find(await released('0'.repeat(64)));
      expect(found).toMatchObject({
        tried: [expect.anything(), expect.stringMatching(/its SHA-256 is [0-9a-f]{64}, expected 0{64}$/)],
      });
      expect(await readdir(folder)).not.toContain('cache');
    });
  });

  it('is missing where none can be had: what was tried is one line each', async () => {
    expect(await find({ system: 'linux-amd64' })).toEqual({
      tried: ['the Debian package nats-server: apt-get is not installed', 'the official release: no network'],
    });
    expect(await find({ system: 'sunos-sparc' })).toMatchObject({
      tried: [expect.anything(), 'the official release: none is known for sunos-sparc'],
    });
  });
});
