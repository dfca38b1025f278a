/** Flags of the commands that run a federation. */
import type { Command } from 'commander';
import { positiveNumber, wholeNumber } from './values.js';

export interface RunFlags {
  readonly out?: string;
  readonly json?: string;
  readonly workers?: number;
  readonly maxMemory?: number;
  readonly dataDir?: string;
}

export function addRunFlags(command: Command): Command {
  return command
    .option('--out <dir>', 'keep the run here; the same command takes it up again')
    .option('--json <file>', 'write the result as JSON')
    .option('--workers <n>', 'threads that train; the cores by default', wholeNumber('--workers', 1, 256))
    .option(
      '--max-memory <gb>',
      'refuse what would need more memory; all of this machine by default',
      positiveNumber('--max-memory'),
    )
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files');
}
