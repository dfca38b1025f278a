/** `commonweight init`: the file of a federation, from a first look at a local table or texts. */

import { stat } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import type { Command } from 'commander';
import { categoriesOf } from '../../data/dataset.js';
import { federationFile } from '../../data/tables/federation-file.js';
import { lookAtTable } from '../../data/tables/node/look-at-table.js';
import { holdsTexts, lookAtFields, lookAtTexts, textFieldsOf } from '../../data/text/node/look-at-texts.js';
import { textFederationFile } from '../../data/text/text-federation-file.js';
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
      'Write the file of a federation about a table: what each column is, as far as its cells tell, with comments on what to check. Of texts with classes it writes the classes and the length. Nothing is sent, and no file is replaced.',
    )
    .argument(
      '<data>',
      'a CSV or TSV file with a header, or a Parquet file; of texts also a .jsonl file, or a folder with one folder for each class',
    )
    .option('--target <column>', 'the column or the field that is learned; the last one by default')
    .option('--out <file>', 'the file to write', 'federation.yaml')
    .addHelpText(
      'after',
      `
Examples:
  commonweight init ./clinic.csv
  commonweight init ./clinic.csv --target diagnosis --out heart.yaml
  commonweight init ./reviews.jsonl`,
    )
    .action(init);
}

async function init(data: string, { target, out }: InitFlags): Promise<void> {
  await checkFolderOf('--out', out);
  if ((await stat(out).catch(() => undefined)) !== undefined) {
    throw new UsageError(`"${out}" is there already`, { hint: 'name another file by --out' });
  }
  // A path in the file is relative to it.
  const beside = relative(dirname(out), data);
  const path = dirname(beside) === '.' ? `./${basename(beside)}` : beside;
  const write = (file: string) => writeFlagFile('--out', out, new TextEncoder().encode(file));
  const look = (await holdsTexts(data)) ? undefined : await lookAtTable(data);
  const fields = look && textFieldsOf(look, target);
  if (look !== undefined && fields === undefined) {
    await write(federationFile(look, { path, target }));
    print(`${out}: ${look.columns.length} columns of ${look.rows} rows; check what each column is`);
    print(`next: commonweight survey ${out}, then commonweight run ${out}`);
    return;
  }
  const texts = fields === undefined ? await lookAtTexts(data, target) : await lookAtFields(data, fields);
  await write(textFederationFile(path, texts.fields, texts.dataset));
  const { dataset } = texts;
  print(`${out}: ${dataset.examples} texts of ${categoriesOf(dataset).length} classes`);
  print(`next: commonweight run ${out}`);
}
