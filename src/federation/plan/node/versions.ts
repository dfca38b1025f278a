/**
 * Collects what the numbers of a run depend on besides its configuration: versions and processor.
 * Node only.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { GpuAdapter } from '../../../engine/runtime/gpu-adapter.js';
import { ortNode } from '../../../engine/runtime/node/ort-node.js';
import { ortNodeGpu } from '../../../engine/runtime/node/ort-node-gpu.js';

/**
 * The versions of a run that finished earlier: its numbers do not depend on the present program.
 */
export async function versionsThen(out: string | undefined): Promise<Record<string, string> | undefined> {
  if (out === undefined) return undefined;
  const text = await readFile(join(out, 'result.json'), 'utf8').catch(() => '{}');
  try {
    const { versions, stopped } = finishedSchema.parse(JSON.parse(text));
    return stopped.reason === 'interrupted' ? undefined : versions;
  } catch {
    return undefined;
  }
}

const finishedSchema = z.object({
  versions: z.record(z.string(), z.string()),
  stopped: z.object({ reason: z.string() }),
});

/**
 * The versions of this program and machine: if they are equal, the bytes are equal.
 * @param gpu computes in place of the CPU
 */
export function versionsOfThis(gpu?: GpuAdapter): Record<string, string> {
  const { version } = createRequire(import.meta.url)('commonweight/package.json') as { version: string };
  const { name, device } = gpu === undefined ? ortNode() : ortNodeGpu(gpu);
  return {
    commonweight: version,
    node: process.versions.node,
    runtime: name,
    device,
    cpu: cpus()[0]?.model ?? 'unknown',
  };
}
