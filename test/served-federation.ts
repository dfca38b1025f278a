/**
 * A federation across machines, all of it in this process: each participant loads its own share.
 */
import { join } from 'node:path';
import { type ServeOptions, serveFederation } from '../src/federation/coordinator/serve-federation.js';
import { type JoinOptions, joinFederation } from '../src/federation/participant/node/join-federation.js';
import { shareChoice } from '../src/federation/plan/share-choice.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { inProcess } from '../src/transport/in-process.js';
import type { RunOperator } from '../src/transport/run-operator.js';
import { sample as dataset } from './run-command.js';

export const base = {
  dataset,
  partition: { name: 'v', participants: 2 },
  model: { name: 'mlp', hidden: [16] },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  local: { epochs: 1 },
  rounds: 2,
} as const satisfies ConfigurationInput;

/**
 * @param folder for what everybody keeps; the coordinator's is `served`
 * @param watch observes it, and may ask what an operator may
 * @param own what the coordinator brings itself: extensions, a model to start from
 * @param there the participants' extensions, where they are not the same
 * @returns what became of it, and of each participant: an error where it ended with one
 */
export async function served(
  folder: string,
  configuration: ConfigurationInput,
  watch: (operator: () => RunOperator) => ServeOptions['observer'] = () => ({}),
  own: Pick<ServeOptions, 'extensions' | 'init'> = {},
  there: Pick<JoinOptions, 'extensions'> = own,
) {
  const transport = inProcess();
  const out = join(folder, 'served');
  let operator: RunOperator | undefined;
  let opened = () => {};
  const ready = new Promise<void>((done) => {
    opened = done;
  });
  const serving = serveFederation(configuration, {
    ...own,
    out,
    workers: 1,
    observer: watch(() => operator as RunOperator),
    async open({ handlers, blobs, ...opening }) {
      operator = opening.operator;
      const end = transport.openCoordinator(handlers, blobs);
      opened();
      return end;
    },
  });
  await Promise.race([ready, serving]);
  const { participants = 2, name } = configuration.partition;
  const joining = Array.from({ length: participants }, async (_, k) => {
    const participant = configuration.participants?.[k] ?? `environment-${k + 1}`;
    const end = transport.openParticipant(participant);
    const choice = shareChoice(`${name}:${k + 1}/${participants}`);
    const outcome = await joinFederation(end, participant, {
      data: dataset,
      extensions: there.extensions,
      choice,
      folder: join(folder, participant),
    }).catch((error: Error) => error);
    await end.close();
    return outcome;
  });
  const [outcome, ...outcomes] = await Promise.all([serving, ...joining]);
  return { ...outcome, outcomes, out };
}
