/**
 * What stands before the first step: the plan's compilation, its size at three sizes of the batch,
 * and the session's start.
 */
import { carryOf } from '../src/engine/nn/carry.js';
import type { Plan } from '../src/engine/nn/plan.js';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import { type NetworkName, planOf } from './networks.js';
import { type Sample, sampleOf } from './statistics.js';

export const planBatchSizes = [16, 64, 256] as const;
const ROUNDS = 5;

export interface CompileResult {
  readonly network: NetworkName;
  /** Of a plan for batches of 64. */
  readonly compileMs: Sample;
  readonly openMs: Sample;
  /** Both models, at each of `planBatchSizes`. */
  readonly planBytes: readonly number[];
}

export async function measureCompile(network: NetworkName): Promise<CompileResult> {
  const runtime = ortNode();
  const compiled = (batchSize: number) => planOf(network, batchSize, runtime.partBytes);
  const [compileMs, openMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const plan = compiled(64);
    const opening = performance.now();
    const session = await runtime.open(plan.trainingModel, { carry: carryOf(plan) });
    openMs.push(performance.now() - opening);
    compileMs.push(opening - began);
    await session.release();
  }
  return {
    network,
    compileMs: sampleOf(compileMs),
    openMs: sampleOf(openMs),
    planBytes: planBatchSizes.map((batchSize) => bytesOf(compiled(batchSize))),
  };
}

const bytesOf = ({ trainingModel, evaluationModel }: Plan) => trainingModel.length + evaluationModel.length;
