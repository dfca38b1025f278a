/** `commonweight merge`: models of one network, merged without training. */
import type { Command } from 'commander';
import { permutationGroups } from '../../engine/nn/permutation-groups.js';
import { mergeAlignedFiles } from '../../merge/files/merge-aligned-files.js';
import { type MergeFilesOptions, mergeFiles } from '../../merge/files/merge-files.js';
import { mergeLoraFiles } from '../../merge/files/merge-lora-files.js';
import { type Statistics, statisticsChoices } from '../../merge/memory/by-role.js';
import {
  recipeOf,
  strategyAliases,
  strategyByName,
  strategySignatures,
  weighingStrategies,
} from '../../merge/strategies/strategies.js';
import type { AppliedTo, Strategy } from '../../merge/strategy.js';
import { bar, byteSize, plural } from '../../report/numbers.js';
import { type FloatDtype, floatDtypes } from '../../tensor/weights/float-dtypes.js';
import { isLive, liveRegion } from '../display/terminal.js';
import { imageShapeOption, networkOption } from '../flags/model-options.js';
import { type ModelFlags, openModel } from '../flags/open-model.js';
import { listOf, oneOf, positiveNumber, strategyOf } from '../flags/values.js';
import { Interrupted, UsageError } from '../terminal/error.js';
import { watchInterrupts } from '../terminal/interrupt.js';

interface MergeFlags extends Pick<ModelFlags, 'network' | 'imageShape'> {
  readonly strategy: string;
  readonly output: string;
  readonly on?: AppliedTo;
  readonly base?: string;
  readonly examples?: number[];
  readonly weights?: number[];
  readonly dtype?: FloatDtype;
  readonly fisher?: string[];
  readonly statistics?: Statistics;
  readonly lora?: 'products';
  readonly align?: true;
}

export function addMerge(program: Command): void {
  program
    .command('merge')
    .description(
      'Merge models that have the same names and shapes: safetensors, PyTorch (.pt, .pth, .bin; nothing in them is executed) or NumPy (.npz), one file, several with an index, or a folder. Files larger than memory are streamed.',
    )
    .argument('<model...>', 'files, indexes or folders')
    .requiredOption('-o, --output <file>', 'the safetensors file to write')
    .option(
      '--strategy <name>',
      `${strategySignatures.join(', ')}; ${[...strategyAliases].map(([name, as]) => `${name} is ${as}`).join(', ')}`,
      strategyOf('--strategy'),
      'mean',
    )
    .option(
      '--weights <list>',
      'the weight of each model, a,b,…, such as 0.3,0.7; their proportions count',
      listOf(positiveNumber('--weights')),
    )
    .option(
      '--on <what>',
      'merge weights (the default), or updates of a base',
      oneOf('--on', ['weights', 'updates']),
    )
    .option(
      '--base <file>',
      'the file that the others started from, for --on updates and for strategies of updates',
    )
    .option(
      '--examples <list>',
      'each file’s number of examples, a,b,…',
      listOf(positiveNumber('--examples')),
    )
    .option(
      '--fisher <list>',
      'each file’s diagonal Fisher information, a,b,…, for fisher-mean',
      listOf((file) => file),
    )
    .option(
      '--statistics <how>',
      'how statistics of batch norm are merged: mean (the default), strategy, or first (those of the first file, with all integers)',
      oneOf('--statistics', statisticsChoices),
    )
    .option(
      '--lora <what>',
      'products: average the products of LoRA adapters, not each factor separately',
      oneOf('--lora', ['products']),
    )
    .option(
      '--dtype <dtype>',
      'the dtype of all floating-point numbers in the output; by default the widest that each tensor has',
      (text: string) => oneOf('--dtype', floatDtypes)(text.toUpperCase() as FloatDtype),
    )
    .option('--align', 'first match the hidden units of all files: for models with different initial weights')
    .addOption(networkOption())
    .addOption(imageShapeOption())
    .addHelpText(
      'after',
      `
Examples:
  commonweight merge a.pt b.pt --weights 0.3,0.7 -o merged.safetensors
  commonweight merge ./model-a ./model-b --dtype bf16 -o merged.safetensors
  commonweight merge a.safetensors b.safetensors --strategy absmax -o merged.safetensors
  commonweight merge a.safetensors b.safetensors --examples 27000,3000 -o merged.safetensors
  commonweight merge a.safetensors b.safetensors c.safetensors --strategy 'trimmed-mean(trim=0.34)' -o merged.safetensors
  commonweight merge a.safetensors b.safetensors --strategy ties --base start.safetensors -o merged.safetensors
  commonweight merge a.safetensors b.safetensors --on updates --base start.safetensors -o merged.safetensors
  commonweight merge a.safetensors b.safetensors --align --network paper-cnn -o merged.safetensors`,
    )
    .action(merge);
}

async function merge(inputs: readonly string[], flags: MergeFlags): Promise<void> {
  const { output, on, base, fisher, statistics, lora, align, dtype } = flags;
  const strategy = strategyByName(flags.strategy);
  const examples = sharesOf(inputs, flags, strategy);
  if (on !== undefined && strategy.on !== undefined && on !== strategy.on) {
    throw new UsageError(`--on is "${on}", but ${strategy.name} is applied to ${strategy.on}`, {
      hint: 'leave --on out',
    });
  }
  if ((strategy.on ?? on) === 'updates' && base === undefined) {
    const who = strategy.on === undefined ? '--on is "updates"' : `${strategy.name} is applied to updates`;
    throw new UsageError(`${who}, but --base is missing`, {
      hint: 'name the file that the others started from',
    });
  }
  const unused = flags.network === undefined ? flags.imageShape && '--image-shape' : '--network';
  if (align === undefined && unused !== undefined) {
    throw new UsageError(`${unused} is given, but only --align looks at the network`, {
      hint: 'add --align, or leave it out',
    });
  }
  const beside = Object.entries({
    '--align': align,
    '--base': base,
    '--on': on,
    '--fisher': fisher,
    '--dtype': dtype,
  });
  const [other] = beside.find(([, value]) => lora !== undefined && value !== undefined) ?? [];
  if (other !== undefined) {
    throw new UsageError(`--lora is given, but ${other} is, too`, {
      hint: 'products of LoRA are averaged as they are: leave one of the two out',
    });
  }
  const groups = align && (await groupsOf(inputs[0] as string, flags));
  const region = isLive(process.stdout) ? liveRegion(process.stdout) : undefined;
  const { signal, stop } = watchInterrupts();
  try {
    const options: MergeFilesOptions = {
      inputs,
      strategy,
      output,
      ...(on !== undefined && { on }),
      ...(base !== undefined && { base }),
      ...(examples !== undefined && { examples }),
      ...(statistics !== undefined && { statistics }),
      ...(dtype !== undefined && { dtype }),
      ...(fisher !== undefined && { auxiliaries: { fisher } }),
      signal,
      onProgress: ({ doneBytes, totalBytes }) =>
        region?.update([
          `merging  ${bar(doneBytes / totalBytes, 20)}  ${byteSize(doneBytes)} of ${byteSize(totalBytes)}`,
        ]),
    };
    const mergeThem = lora === undefined ? mergeFiles : mergeLoraFiles;
    const { tensors, bytes, notes } = await (groups === undefined
      ? mergeThem(options)
      : mergeAlignedFiles(groups, options));
    region?.clear();
    process.stdout.write(
      `${output}: ${plural(inputs.length, 'file')} ${align ? 'aligned and ' : ''}merged by ${strategy.name}, ${plural(tensors, 'tensor')}, ${byteSize(bytes)}\n`,
    );
    for (const note of notes) process.stdout.write(`  ${note}\n`);
  } catch (error) {
    throw signal.aborted ? new Interrupted('interrupted; nothing was written') : error;
  } finally {
    stop();
    region?.close();
  }
}

/**
 * The shares of the models.
 * @throws UsageError when they are given twice, or the strategy has no use for them
 */
function sharesOf(
  inputs: readonly string[],
  { examples, weights }: MergeFlags,
  strategy: Strategy,
): readonly number[] | undefined {
  if (weights === undefined) return examples;
  if (examples !== undefined) {
    throw new UsageError('--weights and --examples are both given, and each says how much a model counts', {
      hint: 'leave one of the two out',
    });
  }
  if (weights.length !== inputs.length) {
    throw new UsageError(`--weights has ${weights.length} numbers for ${inputs.length} models`, {
      hint: 'give one number for each model, in the same order',
    });
  }
  const name = recipeOf(strategy)?.name;
  if (name !== undefined && !weighingStrategies.includes(name)) {
    throw new UsageError(`--weights is given, but ${strategy.name} does not weigh models`, {
      hint: `leave --weights out, or take ${weighingStrategies.join(', ')}${name === 'slerp' ? '; slerp(t=0.7) is nearer to the second model' : ''}`,
    });
  }
  return weights;
}

/** The permutation groups of the files' network, which one of them or a flag names. */
async function groupsOf(path: string, flags: ModelFlags) {
  const { network, inputs } = await openModel(path, flags);
  return permutationGroups(network, inputs);
}
