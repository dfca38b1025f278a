/** `commonweight run`: runs a federation from a file, from flags, or from both. */
import type { Command } from 'commander';
import { datasetNames } from '../../data/images/node/load-dataset.js';
import { partitionerNames } from '../../data/partition/partitioners.js';
import { networkNames } from '../../engine/nn/settings.js';
import { profile } from '../../federation/plan/profiles.js';
import { strategySignatures } from '../../merge/strategies/strategies.js';
import type { TargetSetting } from '../../metrics/target.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import {
  brightnessOption,
  contrastOption,
  cropOption,
  flipOption,
  rotationOption,
  shiftOption,
} from '../flags/augmentation-flags.js';
import { readConfigurationFile } from '../flags/configuration-file.js';
import { type NetworkChoice, networkFrom } from '../flags/network-flag.js';
import { fitOption, labelsOption, sizeOption, skipDamagedOption } from '../flags/picture-flags.js';
import { addRunFlags, type RunFlags } from '../flags/run-flags.js';
import { oneOf, positiveNumber, strategyListOf, strategyOf, target, wholeNumber } from '../flags/values.js';
import { federate } from './federate.js';

/** Flags that replace fields of the file. */
interface Overrides {
  readonly seed?: number;
  readonly rounds?: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly threshold?: TargetSetting;
  readonly reference?: TargetSetting;
  readonly strategy?: string;
  readonly compare?: string[];
  readonly align?: true;
  readonly dataset?: string;
  readonly examples?: number;
  readonly partition?: string;
  readonly participants?: number;
  readonly participantsPerRound?: number;
  readonly network?: NetworkChoice;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly flip?: true;
  readonly shift?: number;
  readonly rotation?: number;
  readonly crop?: number;
  readonly brightness?: number;
  readonly contrast?: number;
  readonly pooled?: boolean;
  readonly size?: string;
  readonly fit?: string;
  readonly labels?: string;
  readonly skipDamaged?: true;
}

export function addRun(program: Command): void {
  const command = program
    .command('run')
    .description(
      'Run a federation on this machine: participants train separately, their weights are merged, and the merged model is copied back. A flag replaces a field of the file. Without a file, the settings are those of `reproduce v --profile quick`, changed by the flags. Other data are then normalized by their own pixels, and have no reference unless --reference gives one.',
    )
    .argument('[file]', 'federation.yaml')
    .option('--dataset <name|dir>', 'fashion-mnist, or a folder of IDX files or of pictures by class')
    .addOption(sizeOption())
    .addOption(fitOption())
    .addOption(skipDamagedOption())
    .addOption(labelsOption())
    .option('--examples <n>', 'use only n training examples', wholeNumber('--examples'))
    .option('--partition <name>', partitionerNames.join(', '), oneOf('--partition', partitionerNames))
    .option('--participants <n>', 'number of participants', wholeNumber('--participants'))
    .option(
      '--participants-per-round <n>',
      'number of participants that are drawn for each round; all by default',
      wholeNumber('--participants-per-round'),
    )
    .option('--network <name>', networkNames.join(', '), networkFrom)
    .option('--rounds <n>', 'maximum number of rounds', wholeNumber('--rounds'))
    .option('--epochs <n>', 'maximum number of epochs of local training per round', wholeNumber('--epochs'))
    .option('--steps <n>', 'steps of local training per round, instead of epochs', wholeNumber('--steps'))
    .option(
      '--threshold <target>',
      'local training ends when the participant’s own model reaches this on its validation data, such as 0.9',
      target('--threshold'),
    )
    .option(
      '--reference <target>',
      'the run ends when every copy reaches this on validation data: 0.9, or accuracy>=0.9',
      target('--reference'),
    )
    .option('--strategy <name>', strategySignatures.join(', '), strategyOf('--strategy'))
    .option(
      '--compare <names>',
      'other strategies to evaluate on the same updates: a,b(parameter=value),…',
      strategyListOf('--compare'),
    )
    .option('--align', 'match the hidden units of all updates before they are merged')
    .option('--learning-rate <x>', 'learning rate of the optimizer', positiveNumber('--learning-rate'))
    .option('--batch-size <n>', 'examples per step', wholeNumber('--batch-size', 1, 4096))
    .addOption(flipOption())
    .addOption(shiftOption())
    .addOption(rotationOption())
    .addOption(cropOption())
    .addOption(brightnessOption())
    .addOption(contrastOption())
    .option('--pooled', 'also train the same network on all the data together, for comparison')
    .option('--seed <n>', 'seed of all random numbers', wholeNumber('--seed', 0, 0x7fffffff))
    .option('--init <file>', 'the weights to start from: safetensors, .pt, .bin, .npz, or a folder');
  addRunFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  commonweight run federation.yaml --out runs/first
  commonweight run federation.yaml --strategy absmax --seed 1
  commonweight run federation.yaml --compare 'median,trimmed-mean(trim=0.25),absmax(on=updates)'
  commonweight run --dataset ./pictures --network lenet5 --participants 5 --partition iid --rounds 10

A small federation.yaml:
  dataset: fashion-mnist
  partition: { name: dirichlet, alpha: 0.5, participants: 10 }
  model: { name: paper-cnn }
  optimizer: { name: adam, learningRate: 0.001 }
  local: { epochs: 2 }
  rounds: 10`,
    )
    .action(async (file: string | undefined, flags: Overrides & RunFlags & { init?: string }) => {
      const described = file === undefined ? flagsBegin(flags) : await readConfigurationFile(file);
      const { out, json, workers, device, dataDir, init, maxMemory } = flags;
      // The schema checks the contents of the file.
      const input = overridden(described, flags) as ConfigurationInput;
      const source = file ?? 'options';
      await federate(input, { out, json, workers, device, dataDir, init, maxMemory, source });
    });
}

/**
 * The settings to begin with if there is no file. For other data, the profile's settings for
 * Fashion-MNIST (its pixels, the reachable accuracy) are left out.
 */
export function flagsBegin({ dataset }: Overrides): Record<string, unknown> {
  const { normalization, reference, ...others } = profile('v', 'quick', 0);
  const known = dataset === undefined || datasetNames.includes(dataset);
  return known ? { ...others, normalization, reference } : others;
}

/**
 * The settings of the file, with the flags in place of fields. A partition or network that is named
 * by a flag brings its own defaults.
 */
export function overridden(
  described: Readonly<Record<string, unknown>>,
  flags: Overrides,
): Record<string, unknown> {
  const { epochs, steps, threshold, partition, participants, network, learningRate, flip, shift, ...others } =
    flags;
  const top = { ...others, imageSize: flags.size, imageFit: flags.fit };
  const replaced: Record<string, unknown> = { ...described };
  for (const key of [
    'seed',
    'rounds',
    'participantsPerRound',
    'reference',
    'strategy',
    'compare',
    'align',
    'dataset',
    'examples',
    'batchSize',
    'pooled',
    'imageSize',
    'imageFit',
    'skipDamaged',
  ] as const) {
    if (top[key] !== undefined) replaced[key] = top[key];
  }
  if (flags.labels !== undefined) replaced.data = labelledBy(flags.labels, replaced.data);
  const merge = (key: string, fields: Readonly<Record<string, unknown>>) => {
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const before = replaced[key];
    // A value that is not a group of settings stays as it is; the schema refuses it.
    if (given.length === 0 || (before !== undefined && !isRecord(before))) return;
    replaced[key] = { ...before, ...Object.fromEntries(given) };
  };
  if (partition !== undefined && isRecord(replaced.partition)) {
    const { participants: number, validation } = replaced.partition;
    replaced.partition = { participants: number, validation };
  }
  if (network !== undefined) replaced.model = network;
  merge('partition', { name: partition, participants });
  // Work is counted in epochs or in steps, and a flag decides which.
  if (steps !== undefined && isRecord(replaced.local)) replaced.local = {};
  if (epochs !== undefined && isRecord(replaced.local)) {
    replaced.local = { ...replaced.local, steps: undefined };
  }
  merge('local', { epochs, steps, threshold });
  merge('optimizer', { learningRate });
  const { rotation, crop, brightness, contrast } = others;
  merge('augmentation', { flip, shift, rotation, crop, brightness, contrast });
  return replaced;
}

/** Pictures with this table of labels, in place of what the file says about labels or masks. */
function labelledBy(labels: string, data: unknown): object {
  const { sites } = isRecord(data) ? data : { sites: Array.isArray(data) ? data : undefined };
  return { kind: 'pictures', labels, ...(sites !== undefined && { sites }) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
