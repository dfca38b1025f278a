/** `commonweight inspect`: what an ONNX file holds, and what training it takes. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { reasonOf } from '../../../base/node/reason.js';
import { importNetwork } from '../../../engine/nn/imported/import-network.js';
import { besideModel } from '../../../engine/onnx/import/node/read-beside.js';
import { ortNode } from '../../../engine/runtime/node/ort-node.js';
import { widthFor } from '../../display/display.js';
import { oneOf, wholeNumber } from '../../flags/values.js';
import { UsageError } from '../../terminal/error.js';
import { print } from '../../terminal/print.js';
import { checkFolderOf, writeJson } from '../../terminal/whole-file.js';
import { inspected } from './inspection.js';
import { inspectionText } from './inspection-text.js';

const NORMS = ['batch', 'frozen', 'per-part', 'group'] as const;

interface InspectFlags {
  readonly classes?: number;
  readonly norm: (typeof NORMS)[number];
  readonly train?: readonly string[];
  readonly freeze?: readonly string[];
  readonly outputName?: string;
  readonly extents?: Readonly<Record<string, number>>;
  readonly batchSize: number;
  readonly measure: boolean;
  readonly json?: string;
}

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description(
      'Show what an ONNX file of another program holds: layers, parameters, what of it would be trained, and the memory and the rate of training steps, which are tried with numbers that mean nothing.',
    )
    .argument('<model>', 'an ONNX file, with its weights or beside them')
    .option('--classes <n>', 'as with a new last layer of so many scores', wholeNumber('--classes', 1, 1e6))
    .option('--norm <way>', `batch norm: ${NORMS.join(', ')}`, oneOf('--norm', NORMS), 'batch')
    .option('--train <patterns>', 'train these weights only, such as "layer4.*,fc.*"', patterns)
    .option('--freeze <patterns>', 'do not train these weights', patterns)
    .option('--output-name <name>', 'the output to train, by its name in the file')
    .option('--extents <list>', 'axes that the file leaves open, such as "length=128"', extents)
    .option('--batch-size <n>', 'examples of a step', wholeNumber('--batch-size', 1, 65_536), 32)
    .option('--no-measure', 'take no steps')
    .option('--json <file>', 'write the figures as JSON')
    .addHelpText(
      'after',
      `
Examples:
  commonweight inspect resnet18.onnx
  commonweight inspect resnet18.onnx --classes 5 --train "layer4.*,fc.*" --norm frozen --json resnet18.json`,
    )
    .action(inspect);
}

const patterns = (text: string) => text.split(',').map((one) => one.trim());

function extents(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(',').map((one) => {
      const [, name = '', value = ''] = /^\s*([^=]+?)\s*=\s*(\d+)\s*$/.exec(one) ?? [];
      if (name !== '' && Number(value) > 0) return [name, Number(value)];
      throw new UsageError(`--extents: "${text}", expected names with numbers, such as "length=128"`);
    }),
  );
}

async function inspect(path: string, flags: InspectFlags): Promise<void> {
  if (flags.json !== undefined) await checkFolderOf('--json', flags.json);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`"${path}" cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'name an ONNX file',
    });
  });
  const imported = importNetwork(bytes, {
    fileName: `"${path}"`,
    norm: flags.norm === 'per-part' ? 'batch' : flags.norm,
    scores: flags.classes,
    output: flags.outputName,
    extents: flags.extents,
    readBeside: besideModel(path),
  });
  const options = {
    batchSize: flags.batchSize,
    normPerPart: flags.norm === 'per-part',
    train: flags.train,
    freeze: flags.freeze,
  };
  const inspection = await inspected(imported, options, flags.measure ? ortNode() : undefined);
  if (flags.json !== undefined) await writeJson('--json', flags.json, { file: path, ...inspection });
  print(inspectionText(path, inspection, widthFor(process.stdout)));
}
