/** `commonweight reproduce`: the paper's experiment. */
import { Argument, type Command, Option } from 'commander';
import {
  type Environment,
  environments,
  type ProfileName,
  profile,
  profileNames,
} from '../../federation/plan/profiles.js';
import { paperTable } from '../../report/sections/paper-table.js';
import { addRunFlags, type RunFlags } from '../flags/run-flags.js';
import { oneOf, wholeNumber } from '../flags/values.js';
import { federate } from './federate.js';

interface ReproduceFlags extends RunFlags {
  readonly profile: ProfileName;
  readonly seed: number;
}

export function addReproduce(program: Command): void {
  const command = program
    .command('reproduce')
    .description(
      'Repeat the experiment of the paper on Fashion-MNIST with two environments. In v each environment has half of every class; in h each has five classes of its own.',
    )
    .addArgument(new Argument('<environment>', 'v or h').argParser(oneOf('environment', environments)))
    .addOption(
      new Option(
        '--profile <name>',
        'quick (minutes), paper (exactly the paper’s settings), or best (up to an hour)',
      )
        .argParser(oneOf('--profile', profileNames))
        .default('quick' satisfies ProfileName),
    )
    .option('--seed <n>', 'seed of all random numbers', wholeNumber('--seed', 0, 0x7fffffff), 0);
  addRunFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  commonweight reproduce v --out runs/v
  commonweight reproduce v --profile paper --out runs/v-paper --json v-paper.json
  commonweight reproduce h --profile best --seed 1`,
    )
    .action(async (environment: Environment, flags: ReproduceFlags) => {
      const { profile: name, seed, ...rest } = flags;
      const paper = environment === 'v' && name === 'paper' ? paperTable : undefined;
      // The data are public, so the counts of classes are no secret.
      await federate({ ...profile(environment, name, seed), shareLabelCounts: true }, { ...rest, paper });
    });
}
