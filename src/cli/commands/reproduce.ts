/** `commonweight reproduce`: the paper's experiment, and that of four hospitals. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { pagingIn } from '../../data/paged/node/paging.js';
import { compareFlamby } from '../../experiments/compare-flamby.js';
import { compareSites } from '../../experiments/compare-sites.js';
import { machineMemory } from '../../federation/plan/node/machine-memory.js';
import {
  type Environment,
  environments,
  type ProfileName,
  profile,
  profileNames,
} from '../../federation/plan/profiles.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { paperTable } from '../../report/sections/paper-table.js';
import { publishedFlamby } from '../../report/text/published-flamby.js';
import { sitesTable } from '../../report/text/sites-table.js';
import { readConfigurationFile } from '../flags/configuration-file.js';
import { addRunFlags, type RunFlags } from '../flags/run-flags.js';
import { oneOf, wholeNumber } from '../flags/values.js';
import { Interrupted, UsageError } from '../terminal/error.js';
import { isAbort, watchInterrupts } from '../terminal/interrupt.js';
import { checkFolderOf, writeJson } from '../terminal/whole-file.js';
import { federate } from './federate.js';

interface ReproduceFlags extends RunFlags {
  readonly profile: ProfileName;
  readonly seed: number;
  readonly splits?: number;
  readonly rows?: RowsName;
}

/** Which rows of the hospitals, and how they are trained on. */
const rowsNames = ['all', 'flamby'] as const;
type RowsName = (typeof rowsNames)[number];

/** Four hospitals with a table each, which come with the package. */
const HEART = 'heart';
const heartSettings = () =>
  join(
    dirname(createRequire(import.meta.url).resolve('commonweight/package.json')),
    'data/heart-disease/federation.yaml',
  );

export function addReproduce(program: Command): void {
  const command = program
    .command('reproduce')
    .description(
      'Repeat the experiment of the paper on Fashion-MNIST with two environments: in v each has half of every class, in h five classes of its own. Or train on the tables of four hospitals: heart.',
    )
    .addArgument(
      new Argument('<environment>', 'v, h or heart').argParser(
        oneOf('environment', [...environments, HEART]),
      ),
    )
    .addOption(
      new Option(
        '--profile <name>',
        'quick (minutes), paper (exactly the paper’s settings), or best (up to an hour)',
      )
        .argParser(oneOf('--profile', profileNames))
        .default('quick' satisfies ProfileName),
    )
    .option(
      '--splits <n>',
      'heart: repeat it with so many random splits into training and test rows, and compare',
      wholeNumber('--splits', 1, 1000),
    )
    .addOption(
      new Option(
        '--rows <name>',
        'heart: all rows by our settings (the default), or flamby: the 740 rows of a published benchmark, by its recipe',
      ).argParser(oneOf('--rows', rowsNames)),
    )
    .option('--seed <n>', 'seed of all random numbers', wholeNumber('--seed', 0, 0x7fffffff), 0);
  addRunFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  commonweight reproduce v --out runs/v
  commonweight reproduce v --profile paper --out runs/v-paper --json v-paper.json
  commonweight reproduce h --profile best --seed 1
  commonweight reproduce heart --out runs/heart
  commonweight reproduce heart --splits 20
  commonweight reproduce heart --rows flamby --splits 20`,
    )
    .action(async (environment: Environment | typeof HEART, flags: ReproduceFlags) => {
      const { profile: name, seed, splits, rows, ...rest } = flags;
      if (environment === HEART) {
        await reproduceHeart({ seed, splits, rows, ...rest });
        return;
      }
      const foreign = splits === undefined ? (rows === undefined ? undefined : '--rows') : '--splits';
      if (foreign !== undefined) {
        throw new UsageError(`${foreign} is given, but "${environment}" is reproduced, expected "${HEART}"`, {
          hint: 'leave it out',
        });
      }
      const paper = environment === 'v' && name === 'paper' ? paperTable : undefined;
      // The data are public, so the counts of classes are no secret.
      await federate({ ...profile(environment, name, seed), shareLabelCounts: true }, { ...rest, paper });
    });
}

/** One federation with its folder and report, or many splits and a table of them. */
async function reproduceHeart({
  seed,
  splits,
  rows = 'all',
  ...flags
}: Omit<ReproduceFlags, 'profile'>): Promise<void> {
  const source = heartSettings();
  const settings = { ...(await readConfigurationFile(source)), seed } as ConfigurationInput;
  const isCompared = splits !== undefined || rows === 'flamby';
  if (isCompared && flags.out !== undefined) {
    throw new UsageError('--out is given, but many federations are compared, which have no folder', {
      hint: 'write the figures by --json, or leave --splits and --rows out',
    });
  }
  if (!isCompared) await federate(settings, { ...flags, source });
  else if (flags.json !== undefined) await checkFolderOf('--json', flags.json);
  const { signal, stop } = watchInterrupts(() => undefined);
  const print = (text: string) => process.stdout.write(`${text}\n`);
  try {
    const most = flags.maxMemory === undefined ? undefined : flags.maxMemory * 1e9;
    const paging = pagingIn(machineMemory(most).bytes);
    const outcomes = await (rows === 'flamby' ? compareFlamby : compareSites)(settings, {
      ...{ splits: splits ?? 1, workers: flags.workers, device: flags.device, signal, source, paging },
      onSplit({ split }) {
        if (splits !== undefined) print(`split ${split} of ${splits} is done`);
      },
    });
    print(`\n${sitesTable(outcomes)}`);
    if (rows === 'flamby') print(`\n${publishedFlamby}`);
    if (isCompared && flags.json !== undefined) await writeJson('--json', flags.json, outcomes);
  } catch (error) {
    if (signal.aborted && isAbort(error)) throw new Interrupted('interrupted');
    throw error;
  } finally {
    stop();
  }
}
