/** `commonweight compare`: the same federation under several strategies, with several seeds. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { type ComparisonOptions, compareStrategies } from '../../experiments/compare-strategies.js';
import { strategyNames } from '../../merge/strategies/strategies.js';
import { targetProblem } from '../../metrics/target.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import { duration } from '../../report/numbers.js';
import { type ComparisonTarget, comparisonOf } from '../../report/pages/comparison.js';
import { comparisonPage } from '../../report/pages/comparison-page.js';
import { comparisonLegend, comparisonTable } from '../../report/pages/comparison-table.js';
import { introduction } from '../../report/text/introduction.js';
import { anyWords, wordsOf } from '../../report/words.js';
import { comparisonDisplay } from '../display/compare-display.js';
import { widthFor } from '../display/display.js';
import { readConfigurationFile } from '../flags/configuration-file.js';
import { addRunFlags, type RunFlags } from '../flags/run-flags.js';
import { number, oneOf, strategyListOf, wholeNumber } from '../flags/values.js';
import { Interrupted, UsageError } from '../terminal/error.js';
import { isAbort, watchInterrupts } from '../terminal/interrupt.js';
import { checkFolderOf, writeFlagFile, writeJson } from '../terminal/whole-file.js';

interface CompareFlags extends RunFlags {
  readonly strategies: readonly string[];
  readonly seeds: number;
  readonly target?: number;
  readonly targetOn: ComparisonTarget['on'];
}

export function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .description(
      'Run the federation of a file once for each strategy and seed, and compare the results. For one seed, all strategies have the same partition and the same initial weights. Each seed draws both anew; seeds count upwards from the file’s own.',
    )
    .argument('<file>', 'federation.yaml')
    .requiredOption(
      '--strategies <list>',
      `a,b,… of ${strategyNames.join(', ')}; differences are taken from the first`,
      strategyListOf('--strategies'),
    )
    .option('--seeds <n>', 'number of seeds', wholeNumber('--seeds', 1, 1000), 3)
    .option('--target <x>', 'count rounds and bytes until the main metric reaches this', number('--target'))
    .option(
      '--target-on <set>',
      'where the target is measured: test, or validation',
      oneOf('--target-on', ['test', 'validation']),
      'test',
    );
  addRunFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  commonweight compare federation.yaml --strategies mean,absmax --seeds 3 --target 0.85
  commonweight compare federation.yaml --strategies "mean, trimmed-mean(trim=0.2), krum(f=2)" --out runs/compared --json compared.json`,
    )
    .action(async (file: string, flags: CompareFlags) => {
      // The schema checks the contents of the file.
      await compare((await readConfigurationFile(file)) as ConfigurationInput, { ...flags, source: file });
    });
}

async function compare(
  input: ConfigurationInput,
  { json, target: value, targetOn, maxMemory, ...options }: CompareFlags & { source: string },
): Promise<void> {
  if (json !== undefined) await checkFolderOf('--json', json);
  checkTarget(value, input, options.source);
  const { out, strategies } = options;
  const output = process.stdout;
  const width = widthFor(output);
  const began = performance.now();
  const display = comparisonDisplay(output);
  const { signal, stop } = watchInterrupts(() =>
    display.print('interrupted: finishing the current step (Ctrl-C again ends at once)'),
  );
  let about = '';
  let words = anyWords;
  const observer: ComparisonOptions['observer'] = {
    ...display,
    onStart(place, start) {
      words = wordsOf(start.data.train, start.configuration);
      if (place.run === 1) {
        const configuration = { ...start.configuration, strategy: strategies.join(' / ') };
        about = introduction({ ...start, configuration }, width);
        display.print(`${about}\n`);
      }
      display.onStart(place, start);
    },
  };
  try {
    const mostMemoryBytes = maxMemory === undefined ? undefined : maxMemory * 1e9;
    const results = await compareStrategies(input, { ...options, mostMemoryBytes, signal, observer });
    const comparison = comparisonOf(results, value === undefined ? undefined : { value, on: targetOn });
    display.print(`\n${comparisonTable(comparison)}\n${comparisonLegend(comparison, words, width)}\n`);
    if (json !== undefined) await writeJson('--json', json, comparison);
    if (out === undefined)
      display.print('nothing is kept: with --out DIR the runs stay, and a page with the plot');
    else {
      const file = join(out, 'comparison.html');
      await writeFlagFile('--out', file, new TextEncoder().encode(comparisonPage(comparison, about, words)));
      await writeJson('--out', join(out, 'comparison.json'), comparison);
      display.print(`files in ${out}: comparison.html, comparison.json, and a folder for each run`);
    }
    display.print(`time: ${duration((performance.now() - began) / 1000)}`);
  } catch (error) {
    if (signal.aborted && isAbort(error)) throw new Interrupted(interrupted(out));
    throw error;
  } finally {
    stop();
    display.close();
  }
}

/** A percentage is given as a fraction from 0 to 1. */
function checkTarget(value: number | undefined, input: ConfigurationInput, source: string): void {
  if (value === undefined) return;
  const problem = targetProblem('--target', value, metricsOf(parseConfiguration(input, source)));
  if (problem === undefined) return;
  const { message, hint } = problem;
  throw new UsageError(message.replaceAll('"', ''), hint === undefined ? {} : { hint });
}

const interrupted = (out: string | undefined) =>
  out === undefined
    ? 'interrupted; with --out DIR a comparison can be resumed'
    : 'interrupted; rerun the same command to resume';
