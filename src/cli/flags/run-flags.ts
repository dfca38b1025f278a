/** Flags of the commands that run a federation. */
import type { Command } from 'commander';
import type { NodeDevice } from '../../engine/runtime/node/find-gpu.js';
import { deviceOption } from './device-flag.js';
import { positiveNumber, wholeNumber } from './values.js';

export interface RunFlags {
  readonly out?: string;
  readonly json?: string;
  readonly workers?: number;
  readonly device?: NodeDevice;
  readonly maxMemory?: number;
  readonly dataDir?: string;
}

export function addRunFlags(command: Command): Command {
  return command
    .option('--out <dir>', 'keep the run in this folder; rerun the same command to resume it')
    .option('--json <file>', 'write the result as JSON')
    .option(
      '--workers <n>',
      'number of training threads of the CPU; one per core by default',
      wholeNumber('--workers', 1, 256),
    )
    .addOption(deviceOption())
    .option(
      '--max-memory <gb>',
      'refuse a run that would need more memory; all memory of this machine by default',
      positiveNumber('--max-memory'),
    )
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files');
}
