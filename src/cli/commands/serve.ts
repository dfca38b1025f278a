/** `commonweight serve`: leads a federation whose participants are on other machines. */
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { serveFederation } from '../../federation/coordinator/serve-federation.js';
import { warningsOf } from '../../federation/rounds/warnings.js';
import type { LiveView } from '../../federation/watch/live-view.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import type { LogEntry } from '../../protocol/view.js';
import { duration } from '../../report/numbers.js';
import { eventLine } from '../../report/text/event-line.js';
import { filesLeft } from '../../report/text/files-left.js';
import { outcome } from '../../report/text/outcome.js';
import { headline, waiting } from '../../report/text/status-lines.js';
import { anyWords, wordsOf } from '../../report/words.js';
import { TransportError } from '../../transport/error.js';
import type { LogFields } from '../../transport/log.js';
import { sparingLog } from '../../transport/sparing-log.js';
import { connectionLines } from '../display/connection-lines.js';
import { dataLines } from '../display/data-lines.js';
import { readConfigurationFile } from '../flags/configuration-file.js';
import { addNatsFlags } from '../flags/nats-flags.js';
import { wholeNumber } from '../flags/values.js';
import { Interrupted } from '../terminal/error.js';
import { isAbort, watchInterrupts } from '../terminal/interrupt.js';
import { print } from '../terminal/print.js';
import { runLog, withErrorsPrinted } from '../terminal/run-log.js';
import { serveTransport, type TransportFlags } from './serve-transport.js';

const INTERRUPTED = 'interrupted; rerun the same command to resume';

interface ServeFlags extends TransportFlags {
  readonly out?: string;
  readonly dataDir?: string;
  readonly workers?: number;
  readonly init?: string;
  readonly offerPlan?: boolean;
}

const DEFAULT_PORT = 8470;

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description(
      'Lead a federation across machines: wait for the participants, give them the work of each round, and merge their updates. The run is kept in a folder. The process may be killed at any time; rerun the same command to resume. Only this machine can reach it unless --host says otherwise.',
    )
    .argument('<file>', 'federation.yaml')
    .option('--out <dir>', 'keep the run in this folder; runs/ and the name of the file by default')
    .option(
      '--host <address>',
      'address to listen on; 0.0.0.0 for all addresses of this machine',
      '127.0.0.1',
    )
    .option('--port <n>', 'port to listen on', wholeNumber('--port', 0, 65_535), DEFAULT_PORT)
    .option(
      '--url <address>',
      'address by which participants reach it, if it differs, such as the name in its certificate',
    )
    .option('--tls-cert <file>', 'certificate (PEM); without one nothing is encrypted')
    .option('--tls-key <file>', 'key of the certificate (PEM)')
    .option(
      '--tokens-out <file>',
      'write new tokens into this file, which only you can read; new-tokens.txt in the run’s folder by default',
    )
    .option(
      '--token-days <n>',
      'new tokens are valid for n days; without end by default',
      wholeNumber('--token-days', 1, 3650),
    )
    .option('--nats <url>', 'send messages over NATS JetStream, nats://… or tls://… (docs/nats.md)')
    .option('--nats-object-store', 'send models and updates over NATS too, not by the hub')
    .option('--tls-ca <file>', 'certificates (PEM) of authorities to trust with NATS')
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files, for its test images')
    .option(
      '--workers <n>',
      'number of evaluating threads; one per core by default',
      wholeNumber('--workers', 1, 256),
    )
    .option('--init <file>', 'the weights to start from: safetensors, .pt, .bin, .npz, or a folder')
    .option(
      '--offer-plan',
      'offer the compiled graphs to participants in other languages (docs/protocol.md)',
    );
  addNatsFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  commonweight serve federation.yaml
  commonweight serve federation.yaml --host 0.0.0.0 --tls-cert hub.crt --tls-key hub.key
  commonweight serve federation.yaml --out runs/trial --port 9000`,
    )
    .action(serve);
}

async function serve(file: string, flags: ServeFlags): Promise<void> {
  // A hub's garbage consists of buffers from its sockets. If other threads free them, they wait for
  // the allocator's lock: with large uploads those threads took more time than hashing.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  const { dataDir, workers, init, offerPlan } = flags;
  const out = flags.out ?? join('runs', basename(file).replace(/\.ya?ml$/, ''));
  const input = (await readConfigurationFile(file)) as ConfigurationInput;
  const began = performance.now();
  const { signal, stop } = watchInterrupts(() =>
    print('interrupted: rerun the same command to resume this run'),
  );
  let log: Logger | undefined;
  let view: LiveView | undefined;
  /** Prints to the terminal and to observers. */
  const say = (level: LogEntry['level']) => (text: string) => {
    print(text);
    view?.tell(level, text);
  };
  const [inform, warn] = [say('info'), say('warn')];
  const informed = (_: LogFields, message: string) => inform(message);
  const warned = (fields: LogFields, message: string) => {
    warn(message);
    log?.warn(fields, message);
  };
  const lines = connectionLines((text) => warned({}, text));
  const transport = await serveTransport(flags, print, { signal, ...lines });
  const said = new Set<string>();
  const spare = sparingLog({ info: informed, warn: warned, error: informed }, 1, 30);
  try {
    const { result } = await serveFederation(input, {
      ...{ out, dataDir, workers, init, offerPlan, signal, source: file, lead: transport.lead },
      // From here on, the folder is a run folder.
      open(opening) {
        log = runLog(out);
        view = opening.view;
        return transport.open(opening, withErrorsPrinted(log, say('error')));
      },
      observer: {
        ...{ onData: dataLines(inform), onNotice: inform },
        onEvent(event, state) {
          const line = eventLine(event, state, wordsIn(view));
          if (line !== undefined) inform(line);
          log?.info(event, line ?? event.type);
          for (const warning of warningsOf(state)) {
            if (!said.has(warning)) warned({}, warning);
            said.add(warning);
          }
        },
        onPresence(participant, present) {
          spare('info', participant, {}, `${participant} is ${present ? 'here' : 'gone'}`);
        },
        onRefused(participant, { type }, receipt) {
          if (receipt.accepted) return;
          const fields = { participant, type, reason: receipt.reason };
          spare('warn', participant, fields, `refused of ${participant}: ${receipt.message}`);
        },
        onAssigned(status) {
          const { phase, round, waitingFor, deadline } = status;
          const lines = [headline(status), ...waiting(status, new Date())];
          inform(lines.join('; '));
          log?.info({ phase, round, waitingFor, deadline }, lines.join('; '));
        },
        onFarewell(names) {
          if (names.length > 0) inform(`the final model is there for ${names.join(', ')} to fetch`);
        },
      },
    });
    if (result.stopped.reason === 'interrupted') throw new Interrupted(INTERRUPTED);
    for (const line of outcome(result, wordsIn(view))) print(line);
    print(`files in ${out}: ${filesLeft(result)}`);
    print(`time: ${duration((performance.now() - began) / 1000)}`);
  } catch (error) {
    // It was waiting for the lead, a connection or a download.
    const waited = isAbort(error) || error instanceof TransportError;
    throw signal.aborted && waited ? new Interrupted(INTERRUPTED) : error;
  } finally {
    stop();
    log?.flush();
  }
}

const wordsIn = (view: LiveView | undefined) =>
  view === undefined ? anyWords : wordsOf(view.overview, view.overview.configuration);
