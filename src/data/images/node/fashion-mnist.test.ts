import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { sha256Of } from '../../../base/node/sha256-of.js';
import { fashionMnistFiles, type KnownFiles } from '../fashion-mnist-facts.js';
import type { RunCommand } from './debian-package.js';
import { type FashionMnistOptions, fashionMnistCache, loadFashionMnist } from './fashion-mnist.js';

const sample = join(import.meta.dirname, '../../../../test/fixtures/fashion-mnist-sample');
const names = Object.values(fashionMnistFiles).map((file) => `${file.name}.gz`);

/** The digests of the sample, under the names of the full set. */
const files = Object.fromEntries(
  await Promise.all(
    Object.entries(fashionMnistFiles).map(async ([role, { name }]) => {
      const plain = gunzipSync(await readFile(join(sample, `${name}.gz`)));
      return [role, { name, sha256: sha256Of(plain), bytes: plain.length }];
    }),
  ),
) as KnownFiles;

const root = await mkdtemp(join(tmpdir(), 'commonweight-fashion-'));
afterAll(() => rm(root, { recursive: true }));
let cacheDir: string;
beforeEach(async () => {
  cacheDir = join(await mkdtemp(join(root, 'case-')), 'cache');
});

const refuse: RunCommand = async (program) => {
  throw new Error(`${program} is not to be run`);
};

/** An empty cache and no source, unless a test adds one. */
function load(options: FashionMnistOptions = {}) {
  const nowhere = { cacheDir, debianDir: join(root, 'none'), addresses: [], run: refuse };
  return loadFashionMnist({ files, ...nowhere, ...options });
}

async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(answer as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const serveSample = (seen: string[] = []) =>
  serve(async (request, response) => {
    seen.push(request.url as string);
    const bytes = await readFile(join(sample, request.url as string));
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });

async function messageOf(loading: Promise<unknown>) {
  const error = await loading.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ name: 'DataError' });
  return error as { message: string; hint: string };
}

describe('Fashion-MNIST', () => {
  it('is taken from the folder that is named, plain or gzip', async () => {
    const dataDir = join(root, 'plain');
    await mkdir(dataDir);
    for (const name of names) {
      await writeFile(join(dataDir, name.slice(0, -3)), gunzipSync(await readFile(join(sample, name))));
    }
    for (const folder of [dataDir, sample]) {
      const { train, test } = await load({ dataDir: folder });
      expect(train).toMatchObject({
        name: 'fashion-mnist',
        examples: 1280,
        channels: 1,
        height: 28,
        width: 28,
      });
      expect(test.examples).toBe(640);
      expect(train.classNames[train.labels[0] as number]).toBe('Ankle boot');
    }
  });

  it('refuses a named folder with another set, and says how to use that set', async () => {
    const { message, hint } = await messageOf(load({ dataDir: sample, files: fashionMnistFiles }));
    expect(message).toBe(
      `data: "${join(sample, 't10k-labels-idx1-ubyte.gz')}" is not the file of Fashion-MNIST: the SHA-256 of its decompressed bytes is ${files.testLabels.sha256}, expected ${fashionMnistFiles.testLabels.sha256}`,
    );
    expect(hint).toContain(`--dataset ${sample}`);
  });

  it('tells a missing folder, a missing file and a damaged file apart', async () => {
    const dataDir = join(root, 'damaged');
    expect((await messageOf(load({ dataDir }))).message).toBe(`data: there is no folder "${dataDir}"`);
    await mkdir(dataDir);
    expect((await messageOf(load({ dataDir }))).message).toBe(
      `data: "${dataDir}" holds no t10k-labels-idx1-ubyte and no t10k-labels-idx1-ubyte.gz`,
    );
    await cp(sample, dataDir, { recursive: true });
    const cut = join(dataDir, 'train-images-idx3-ubyte.gz');
    await writeFile(cut, (await readFile(cut)).subarray(0, 1000));
    expect((await messageOf(load({ dataDir }))).message).toBe(
      `data: "${cut}" is truncated or damaged (gzip: unexpected end of file)`,
    );
  });

  it('is taken from the cache before any other place', async () => {
    await cp(sample, cacheDir, { recursive: true });
    expect((await load()).train.examples).toBe(1280);
  });

  it("is taken from Debian's folder without a copy in the cache", async () => {
    expect((await load({ debianDir: sample })).train.examples).toBe(1280);
    await expect(readdir(cacheDir)).rejects.toThrow('ENOENT');
  });

  it('is downloaded into the cache with progress, and only what is missing or damaged there', async () => {
    const seen: string[] = [];
    const progress: string[] = [];
    await mkdir(cacheDir);
    await cp(join(sample, names[1]!), join(cacheDir, names[1]!));
    await writeFile(join(cacheDir, names[0]!), 'half of a file');
    await load({
      addresses: [await serveSample(seen)],
      onProgress: ({ what, receivedBytes, totalBytes }) => {
        if (receivedBytes === totalBytes) progress.push(what);
      },
    });
    expect(progress).toEqual([names[0], names[2], names[3]]);
    expect(seen).toEqual(progress.map((name) => `/${name}`));
    expect((await readdir(cacheDir)).sort()).toEqual([...names].sort());
    expect((await load()).test.examples).toBe(640);
  });

  it('is downloaded from a server that takes the gzip off', async () => {
    const address = await serve(async (request, response) => {
      const bytes = await readFile(join(sample, request.url as string));
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bytes.length }).end(bytes);
    });
    expect((await load({ addresses: [address] })).train.examples).toBe(1280);
    expect(await readdir(cacheDir)).toContain('train-images-idx3-ubyte');
    expect((await load()).train.examples).toBe(1280);
  });

  it('goes on to the next address when one is missing, silent, short or wrong', async () => {
    const missing = await serve((_, response) => response.writeHead(404).end());
    const silent = await serve(() => {});
    const short = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 9 }).write('short');
      response.destroy();
    });
    const wrong = await serve((_, response) => response.end('<html>Log in to this network</html>'));
    const unreachable = async () => {
      throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND host') });
    };
    const addresses = [missing, silent, short, wrong];
    const { message } = await messageOf(load({ addresses, connectTimeoutMs: 1500 }));
    expect(message).toContain(`${missing}: the answer is HTTP 404`);
    expect(message).toContain(`${silent}: no answer within 1.5 s`);
    expect(message).toMatch(/terminated|other side closed|aborted|hang up/);
    expect(message).toContain(`${wrong}: "t10k-labels-idx1-ubyte.gz" is not the file of Fashion-MNIST`);
    expect((await messageOf(load({ addresses: ['http://host/'], fetch: unreachable }))).message).toContain(
      'http://host/: getaddrinfo ENOTFOUND host',
    );
    addresses.push(await serveSample());
    expect((await load({ addresses, connectTimeoutMs: 1500 })).train.examples).toBe(1280);
  });

  it('leaves nothing behind when a download is cancelled', async () => {
    const cancel = new AbortController();
    const address = await serve(() => cancel.abort(new Error('interrupted')));
    await expect(load({ addresses: [address], signal: cancel.signal })).rejects.toThrow('interrupted');
    await expect(readdir(cacheDir)).rejects.toThrow('ENOENT');
  });

  it('says what cannot be written', async () => {
    await writeFile(cacheDir, 'a file in the way');
    const { message } = await messageOf(load({ addresses: [await serveSample()] }));
    expect(message).toMatch(/cannot write ".*t10k-labels-idx1-ubyte\.gz"/);
  });
});

describe('the Debian package', () => {
  /** Stands in for apt-get and dpkg-deb: makes the files that they would make. */
  function fakeDebian(calls: string[], { failures = 0 } = {}): RunCommand {
    return async (program, args, { cwd }) => {
      const action = args.find((arg) => ['download', 'update', '-x'].includes(arg));
      calls.push(`${program} ${action}`);
      if (action === 'download') {
        if (failures-- > 0) throw new Error('apt-get download: Unable to locate package');
        await writeFile(join(cwd, 'dataset-fashion-mnist_1_all.deb'), '');
      }
      if (action === '-x')
        await cp(sample, join(args[2]!, 'usr/share/datasets/fashion-mnist'), { recursive: true });
    };
  }

  it('is unpacked into the cache, and nothing else stays', async () => {
    const calls: string[] = [];
    expect((await load({ run: fakeDebian(calls) })).train.examples).toBe(1280);
    expect(calls).toEqual(['apt-get download', 'dpkg-deb -x']);
    expect((await readdir(cacheDir)).sort()).toEqual([...names].sort());
  });

  it.runIf(process.getuid?.() === 0)('is looked for again with fresh lists, where this is root', async () => {
    const calls: string[] = [];
    await load({ run: fakeDebian(calls, { failures: 1 }) });
    expect(calls).toEqual(['apt-get download', 'apt-get update', 'apt-get download', 'dpkg-deb -x']);
  });

  it('is the last resort: one error then lists all that was tried', async () => {
    const { message, hint } = await messageOf(load({ run: fakeDebian([], { failures: 2 }), addresses: [] }));
    expect(message.split('\n')).toEqual([
      'data: Fashion-MNIST was not found and could not be fetched; tried',
      `  the cache ${cacheDir}: there is no folder "${cacheDir}"`,
      `  Debian's folder ${join(root, 'none')}: there is no folder "${join(root, 'none')}"`,
      '  the Debian package dataset-fashion-mnist: apt-get download: Unable to locate package',
    ]);
    expect(hint).toContain('--data-dir');
    await expect(readdir(cacheDir)).rejects.toThrow('ENOENT');
  });
});

it('the cache is where the environment says', () => {
  expect(fashionMnistCache({ COMMONWEIGHT_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a/fashion-mnist');
  expect(fashionMnistCache({ XDG_CACHE_HOME: '/b' })).toBe('/b/commonweight/fashion-mnist');
  expect(fashionMnistCache({})).toMatch(/\.cache\/commonweight\/fashion-mnist$/);
});
