/**
 * A process that looks for a GPU, and asks it for memory, for another one that starts it
 * (`find-gpu.ts`). What a driver prints, and what it may break, stays here.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import * as g from '../../graph/build.js';
import { lower } from '../../onnx/lower/lower.js';
import type { GpuAnswer } from './find-gpu.js';
import { nativeOrt } from './ort-node.js';
import { openOnGpu } from './ort-node-gpu.js';

/** Large buffers, of a size that every GPU has. */
const CHUNK_BYTES = 2 ** 26;

async function answer(bytes: number): Promise<void> {
  const chunk = g.expand(g.input('x', [1]), [CHUNK_BYTES / 4]);
  const filling = await openOnGpu(lower({ outputs: { chunk } }), ['chunk']);
  const held = [await filled(filling)];
  await say({ adapter: openDevice() });
  // All is held until the process ends: so much at once must be there.
  for (;;) {
    const granted = held.length * CHUNK_BYTES;
    await say({ granted });
    if (granted >= bytes) return;
    held.push(await filled(filling));
  }
}

async function filled(session: InferenceSession): Promise<Tensor> {
  const { chunk } = await session.run({ x: new nativeOrt.Tensor('float32', Float32Array.of(0), [1]) });
  if (chunk === undefined) throw new Error('internal: the model gave nothing');
  return chunk;
}

/**
 * The engine does not tell its adapter. But the driver of a GPU keeps the GPU's file open; one that
 * computes on the CPU has none.
 */
function openDevice() {
  const open = readdirSync('/proc/self/fd').map(linkTarget);
  const names = open.flatMap((path) => {
    const minor = /^\/dev\/dri\/renderD(\d+)$/.exec(path)?.[1];
    if (minor !== undefined) return [vendorName(minor)];
    return /^\/dev\/nvidia\d+$/.test(path) ? [nvidiaModel()] : [];
  });
  if (names.length > 0) return { description: [...new Set(names)].join(' and '), software: false };
  const libraries = readFileSync('/proc/self/maps', 'utf8');
  const known = SOFTWARE.find(([file]) => libraries.includes(file));
  return { description: known?.[1] ?? 'software', software: true };
}

const SOFTWARE = [
  ['libvk_swiftshader', 'swiftshader'],
  ['libvulkan_lvp', 'lavapipe'],
] as const;

function linkTarget(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // It was that of the listing.
    return '';
  }
}

/** By the numbers of the PCI register. */
const VENDORS: Readonly<Record<string, string>> = { '0x10de': 'nvidia', '0x1002': 'amd', '0x8086': 'intel' };

/** @param minor the number of the device; those of GPUs have the major number 226 */
function vendorName(minor: string): string {
  const file = `/sys/dev/char/226:${minor}/device/vendor`;
  const vendor = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'unnamed';
  return VENDORS[vendor] ?? vendor;
}

function nvidiaModel(): string {
  const folder = '/proc/driver/nvidia/gpus';
  const [first] = existsSync(folder) ? readdirSync(folder) : [];
  const facts = first === undefined ? '' : readFileSync(`${folder}/${first}/information`, 'utf8');
  return /^Model:\s*(.+)$/m.exec(facts)?.[1] ?? 'nvidia';
}

const say = (said: GpuAnswer) => new Promise((resolve) => process.send?.(said, resolve));

answer(Number(process.argv[2]))
  .catch(({ message }: Error) => say({ failed: message }))
  // A driver may hold the process up.
  .finally(() => process.exit());
