/** `commonweight report`: writes a run folder as a page, and its summary as Markdown. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { wrapped } from '../../report/text-table.js';
import { widthFor } from '../display/display.js';
import { liveDisplay } from '../display/display-live.js';
import { plainDisplay } from '../display/display-plain.js';
import { isLive } from '../display/terminal.js';
import { checkFolderOf, writeFlagFile } from '../terminal/whole-file.js';

interface ReportFlags {
  readonly out?: string;
  readonly markdown?: string;
  readonly data?: string;
  readonly dataDir?: string;
}

export function addReport(program: Command): void {
  program
    .command('report')
    .description(
      'Write a page about a run, finished or not: the metric of its task by round, who holds what, drift, what the merge changed, and in words which participant is the last below the reference. The page stands alone: it has no script and fetches nothing.',
    )
    .argument('<run>', 'the folder that --out named when the run was started')
    .option('--out <file>', 'the page; report.html in that folder by default')
    .option('--markdown <file>', 'the summary; report.md in that folder by default')
    .option('--data <dir>', 'the data set’s folder, if it was moved')
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files')
    .addHelpText(
      'after',
      `
Examples:
  commonweight report runs/v
  commonweight report runs/v --out v.html --markdown v.md`,
    )
    .action(report);
}

async function report(run: string, flags: ReportFlags): Promise<void> {
  const { out = join(run, 'report.html'), markdown = join(run, 'report.md'), dataDir } = flags;
  if (flags.out !== undefined) await checkFolderOf('--out', out);
  if (flags.markdown !== undefined) await checkFolderOf('--markdown', markdown);
  // Loaded late, since the library of charts takes longer to load than other commands run.
  const { reportRun } = await import('../../report/pages/report-run.js');
  const output = process.stdout;
  const display = (isLive(output) ? liveDisplay : plainDisplay)({ output });
  const made = await reportRun(run, { dataset: flags.data, dataDir, onData: display.onData }).finally(() =>
    display.close(),
  );
  await writeFlagFile('--out', out, new TextEncoder().encode(made.html));
  await writeFlagFile('--markdown', markdown, new TextEncoder().encode(made.markdown));
  const lines = [...made.findings.map(({ text }) => text), `written: ${out}, ${markdown}`];
  const width = widthFor(output);
  output.write(`${lines.map((line) => wrapped(line, width, 2)).join('\n')}\n`);
}
