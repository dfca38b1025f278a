/**
 * The file of a plan that a hostile coordinator has been at, read and checked as by a participant
 * that accepts it.
 */

import { mlp } from '../../src/engine/nn/models/mlp.js';
import { compileFederation } from '../../src/federation/plan/compile-federation.js';
import { compileDescription } from '../../src/federation/plan/description.js';
import { namedParts } from '../../src/federation/plan/extensions.js';
import { offeredPlan } from '../../src/federation/plan/foreign-plan.js';
import { planHash } from '../../src/federation/plan/plan-hash.js';
import { parseConfiguration } from '../../src/protocol/configuration/configuration.js';
import { decodeForeignPlan, encodeForeignPlan } from '../../src/protocol/foreign-plan.js';
import { stateLayout } from '../../src/tensor/state-dict.js';
import { exampleDescription } from '../../src/transport/transport.contract.js';
import { pictureColumns } from '../picture-columns.js';
import type { Decoder } from './fuzz.js';
import { below, type Dice, mutatedBytes, mutatedDocument, mutatedText, oneOf } from './mutate.js';

const configuration = parseConfiguration(
  {
    ...{ dataset: 'none', imageShape: [1, 2, 2], classNames: ['a', 'b'], partition: { name: 'own' } },
    ...{ model: { name: 'custom' }, optimizer: { name: 'sgd', learningRate: 0.1 }, batchSize: 2 },
    ...{ local: { epochs: 1 }, rounds: 1, strategy: 'fisher-mean' },
  },
  'fuzz',
);
const facts = pictureColumns([1, 2, 2], ['a', 'b']);

/** Of as many letters as what they take the place of, so that all lengths are right. */
const OPERATORS: readonly (readonly [string, string])[] = [
  ['Add', 'Mul'],
  ['Add', 'Mod'],
  ['Mul', 'Add'],
  ['Gemm', 'Loop'],
  ['Slice', 'Shape'],
  ['Concat', 'Unique'],
  ['Reshape', 'NonZero'],
];

/** What `share` of a thousand inputs are. */
export function foreignPlans(share: number): Decoder {
  const network = mlp({ classes: 2, hidden: [2] });
  const named = namedParts(configuration, { network }, 'fuzz');
  const sound = offeredPlan(compileFederation(configuration, facts, named, 'fuzz'));
  if (sound === undefined) throw new Error('no plan is offered');
  const plan = decodeForeignPlan(sound);
  const length = Number(new DataView(sound.buffer).getBigUint64(0, true));
  const header = Buffer.from(sound.subarray(8, 8 + length)).toString();
  const withHeader = (text: string) => {
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
    return Buffer.concat([prefix, Buffer.from(text), sound.subarray(8 + length)]);
  };

  /** The file is right; one of its models is not. */
  function withModel(dice: Dice): Uint8Array {
    const change = (model: Uint8Array) => {
      if (dice() < 0.6) return mutatedBytes(dice, model);
      const [from, to] = oneOf(dice, OPERATORS);
      return Buffer.from(Buffer.from(model).toString('latin1').replace(from, to), 'latin1');
    };
    const { fisher } = plan.methods;
    switch (below(dice, 3)) {
      case 0:
        return encodeForeignPlan({ ...plan, trainingModel: change(plan.trainingModel) });
      case 1:
        return encodeForeignPlan({ ...plan, evaluationModel: change(plan.evaluationModel) });
      default:
        return encodeForeignPlan({
          ...plan,
          methods: fisher ? { fisher: { ...fisher, model: change(fisher.model) } } : {},
        });
    }
  }

  return {
    ...{ name: 'plans', share },
    next(dice) {
      const way = dice();
      if (way < 0.05) return { input: sound, sound: true };
      if (way < 0.6) return { input: withModel(dice) };
      if (way < 0.7) return { input: mutatedBytes(dice, sound) };
      if (way < 0.8) return { input: withHeader(mutatedText(dice, header)) };
      const document = JSON.parse(header);
      return { input: withHeader(JSON.stringify(mutatedDocument(dice, document, document)) ?? '') };
    },
    async read(bytes: Uint8Array) {
      const { trainingModel, evaluationModel, tensors, frozen } = decodeForeignPlan(bytes);
      const hash = await planHash({
        ...{ trainingModel, evaluationModel },
        ...{ layout: stateLayout(tensors), frozen: stateLayout(frozen) },
      });
      const attachments = ['fisher'];
      const description = { ...exampleDescription, ...facts, configuration, attachments, plan: hash };
      return compileDescription(description, { foreignPlan: bytes });
    },
  };
}
