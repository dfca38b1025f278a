/** `commonweight merge`: models of one network, merged without training. */
import type { Command } from 'commander';
import { mergeFiles } from '../merge/merge-files.js';
import { strategyByName, strategyNames } from '../merge/strategies.js';
import { bar, byteSize, plural } from '../report/numbers.js';
import { Interrupted, UsageError } from './error.js';
import { watchInterrupts } from './interrupt.js';
import { isLive, liveRegion } from './terminal.js';
import { listOf, oneOf, positiveNumber } from './values.js';

interface MergeFlags {
  readonly strategy: string;
  readonly output: string;
  readonly on: 'weights' | 'updates';
  readonly base?: string;
  readonly examples?: number[];
}

export function addMerge(program: Command): void {
  program
    .command('merge')
    .summary('merge safetensors files of one network')
    .description(
      'Merge safetensors files that have the same names and shapes. F64, F32, F16 and BF16 stay what they are; files larger than memory are streamed.',
    )
    .argument('<file...>', 'safetensors files')
    .requiredOption('-o, --output <file>', 'the safetensors file to write')
    .option('--strategy <name>', strategyNames.join(', '), oneOf('--strategy', strategyNames), 'mean')
    .option('--on <what>', 'weights, or updates of a base', oneOf('--on', ['weights', 'updates']), 'weights')
    .option('--base <file>', 'what the files started from, for --on updates')
    .option(
      '--examples <list>',
      'each file’s number of examples, a,b,…',
      listOf(positiveNumber('--examples')),
    )
    .addHelpText(
      'after',
      `
Examples:
  commonweight merge a.safetensors b.safetensors --strategy absmax -o merged.safetensors
  commonweight merge a.safetensors b.safetensors --examples 27000,3000 -o merged.safetensors
  commonweight merge a.safetensors b.safetensors --on updates --base start.safetensors -o merged.safetensors`,
    )
    .action(merge);
}

async function merge(inputs: readonly string[], flags: MergeFlags): Promise<void> {
  const { strategy, output, on, base, examples } = flags;
  if (on === 'updates' && base === undefined) {
    throw new UsageError('--on is "updates", but --base is missing', {
      hint: 'name the file that the others started from',
    });
  }
  const region = isLive(process.stdout) ? liveRegion(process.stdout) : undefined;
  const { signal, stop } = watchInterrupts();
  try {
    const { tensors, bytes } = await mergeFiles({
      inputs,
      strategy: strategyByName(strategy),
      output,
      on,
      ...(base !== undefined && { base }),
      ...(examples !== undefined && { examples }),
      signal,
      onProgress: ({ doneBytes, totalBytes }) =>
        region?.update([
          `merging  ${bar(doneBytes / totalBytes, 20)}  ${byteSize(doneBytes)} of ${byteSize(totalBytes)}`,
        ]),
    });
    region?.clear();
    process.stdout.write(
      `${output}: ${plural(inputs.length, 'file')} merged by ${strategy}, ${plural(tensors, 'tensor')}, ${byteSize(bytes)}\n`,
    );
  } catch (error) {
    throw signal.aborted ? new Interrupted('interrupted; nothing was written') : error;
  } finally {
    stop();
    region?.close();
  }
}
