/** `commonweight open`: a recorded run in the pages of a hub, for a browser on this machine. */
import { once } from 'node:events';
import type { Command } from 'commander';
import { recordedView } from '../../report/pages/recorded-view.js';
import { headline } from '../../report/text/status-lines.js';
import { openViewServer } from '../../transport/hub/server/view-server.js';
import { liveDisplay } from '../display/display-live.js';
import { plainDisplay } from '../display/display-plain.js';
import { isLive } from '../display/terminal.js';
import { wholeNumber } from '../flags/values.js';
import { watchInterrupts } from '../terminal/interrupt.js';
import { print } from '../terminal/print.js';

interface OpenFlags {
  readonly port: number;
  readonly data?: string;
  readonly dataDir?: string;
}

export function addOpen(program: Command): void {
  program
    .command('open')
    .description(
      'Show a run in a browser as its observers see it, whether it is finished or under way. The command prints a link, which works on this machine only and as long as the command runs. It changes nothing in the folder.',
    )
    .argument('<run>', 'the folder that --out named when the run was started')
    .option('--port <n>', 'port to listen on; any free one by default', wholeNumber('--port', 0, 65_535), 0)
    .option('--data <dir>', 'the data set’s folder, if it was moved')
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files, for its test pictures')
    .addHelpText(
      'after',
      `
Examples:
  commonweight open runs/v
  commonweight open runs/v --port 8471`,
    )
    .action(open);
}

async function open(run: string, { port, data: dataset, dataDir }: OpenFlags): Promise<void> {
  const { signal, stop } = watchInterrupts();
  const output = process.stdout;
  const display = (isLive(output) ? liveDisplay : plainDisplay)({ output });
  const onNoPictures = (reason: string) => print(`no test pictures are shown: ${reason}`);
  const view = await recordedView(run, {
    dataset,
    dataDir,
    onData: display.onData,
    onNoPictures,
    signal,
  }).finally(() => display.close());
  const server = await openViewServer(view, port);
  print(`${run}: ${headline(view.status())}`);
  print(`open ${server.url}/#token=${server.token}`);
  print('Ctrl-C ends it');
  if (!signal.aborted) await once(signal, 'abort');
  stop();
  await server.close();
}
