/** `commonweight init`: the file of a federation, from a first look at a local table. */

import { stat } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import type { Command } from 'commander';
import { federationFile } from '../../data/tables/federation-file.js';
import { lookAtTable } from '../../data/tables/node/look-at-table.js';
import { UsageError } from '../terminal/error.js';
import { print } from '../terminal/print.js';
import { checkFolderOf, writeFlagFile } from '../terminal/whole-file.js';

interface InitFlags {
  readonly target?: string;
  readonly out: string;
}

export function addInit(program: Command): void {
  program
    .command('init')
    .description(
      'Write the file of a federation about a table: what each column is, as far as its cells tell, with comments on what to check. Nothing is sent, and no file is replaced.',
    )
    .argument('<table>', 'a CSV or TSV file with a header, or a Parquet file')
    .option('--target <column>', 'the column that is learned; the last one by default')
    .option('--out <file>', 'the file to write', 'federation.yaml')
    .addHelpText(
      'after',
      `
Examples:
  commonweight init ./clinic.csv
  commonweight init ./clinic.csv --target diagnosis --out heart.yaml`,
    )
    .action(init);
}

async function init(table: string, { target, out }: InitFlags): Promise<void> {
  await checkFolderOf('--out', out);
  if ((await stat(out).catch(() => undefined)) !== undefined) {
    throw new UsageError(`"${out}" is there already`, { hint: 'name another file by --out' });
  }
  const look = await lookAtTable(table);
  // A path in the file is relative to it.
  const beside = relative(dirname(out), table);
  const path = dirname(beside) === '.' ? `./${basename(beside)}` : beside;
  await writeFlagFile('--out', out, new TextEncoder().encode(federationFile(look, { path, target })));
  print(`${out}: ${look.columns.length} columns of ${look.rows} rows; check what each column is`);
  print(`next: commonweight survey ${out}, then commonweight run ${out}`);
}
