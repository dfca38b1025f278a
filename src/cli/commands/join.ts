/** `commonweight join`: takes part in a federation with data that stay on this machine. */

import { join as joinPath } from 'node:path';
import type { Command } from 'commander';
import { canonicalName, fileNameOf } from '../../base/names.js';
import { SMALLEST_COUNT } from '../../data/survey/own-answer.js';
import type { NodeDevice } from '../../engine/runtime/node/find-gpu.js';
import { FINAL_MODEL } from '../../federation/participant/kept/participant-files.js';
import { joinFederation } from '../../federation/participant/node/join-federation.js';
import { compileDescription } from '../../federation/plan/description.js';
import { FOREIGN_PLAN_RISK } from '../../federation/plan/foreign-plan.js';
import { versionsOfThis } from '../../federation/plan/node/versions.js';
import { shareChoice } from '../../federation/plan/share-choice.js';
import { requireUnused } from '../../federation/record/folder-claim.js';
import type { SumsPermission } from '../../metrics/shared/shared-sums.js';
import type { Description } from '../../protocol/description.js';
import type { CoordinatorTrust } from '../../transport/coordinator-voice.js';
import type { HubParticipant } from '../../transport/hub/client/hub-participant.js';
import { hubAddress } from '../../transport/hub/client/node/hub-address.js';
import { joinHub } from '../../transport/hub/client/node/join-hub.js';
import { moveBlobs } from '../../transport/hub/client/node/move-blobs.js';
import { operateHub } from '../../transport/hub/client/node/operate-hub.js';
import type { Patience } from '../../transport/patience.js';
import { dataLines } from '../display/data-lines.js';
import { joinDisplay } from '../display/join-display.js';
import { deviceOption } from '../flags/device-flag.js';
import { addNatsFlags, type NatsFlags, natsAccessFrom } from '../flags/nats-flags.js';
import { skipDamagedOption } from '../flags/picture-flags.js';
import { addTokenFlags, hasToken, hubAccessFrom, type TokenFlags, tokenFrom } from '../flags/token-flag.js';
import {
  addCoordinatorKeyFlag,
  addTrustFlags,
  type CoordinatorKeyFlag,
  type TrustFlags,
  trustFrom,
} from '../flags/trust-flags.js';
import { sayIfUnencrypted } from '../flags/unencrypted.js';
import { positiveNumber, requireSmallest, wholeNumber } from '../flags/values.js';
import { Interrupted, UsageError } from '../terminal/error.js';
import { watchInterrupts } from '../terminal/interrupt.js';
import { print } from '../terminal/print.js';
import { federationExplanation, joinExplanation } from './join-explanation.js';
import { loadNatsParticipant } from './load-nats.js';

interface JoinFlags extends TokenFlags, TrustFlags, CoordinatorKeyFlag, NatsFlags {
  readonly data?: string;
  readonly dataDir?: string;
  readonly partition?: string;
  readonly name?: string;
  readonly out?: string;
  readonly shareLabelCounts?: true;
  readonly shareSums?: true;
  readonly smallest?: number;
  readonly device?: NodeDevice;
  readonly maxMemory?: number;
  readonly acceptForeignPlan?: true;
  readonly skipDamaged?: true;
  readonly explain?: true;
}

export function addJoin(program: Command): void {
  const command = program
    .command('join')
    .description(
      'Take part in a federation: in each round, train on your own data, which never leave this machine, and hand in the weights. The process may be killed at any time; rerun the same command to resume.',
    )
    .argument(
      '<url>',
      'address of the coordinator, such as https://host:8470, or a participant’s link to it; or address of a NATS server, nats://… or tls://…',
    )
    .option(
      '--data <path|name>',
      'a folder of pictures by class or of IDX files, a table, or a file of arrays, as the federation asks; or fashion-mnist',
    )
    .addOption(skipDamagedOption())
    .option(
      '--partition <part>',
      'use only a part of the data, for a trial: v:1/2, or dirichlet:alpha=0.5:3/10',
    )
    .option('--name <participant>', 'the participant’s name; not needed with a token for one participant')
    .option(
      '--out <dir>',
      'keep unfinished work and the final model in this folder; runs/join- and the name by default',
    )
    .option('--share-label-counts', 'tell the coordinator how many examples of each class there are')
    .option(
      '--share-sums',
      'share the sums behind the figures on your validation examples, such as the confusion, so that figures of all participants together can be shown',
    )
    .option(
      '--smallest <n>',
      `with --share-sums, hide counts below; 1 hides none; ${SMALLEST_COUNT} by default`,
      wholeNumber('--smallest', 1, 1000),
    )
    .addOption(deviceOption())
    .option(
      '--max-memory <gb>',
      'refuse a federation that would need more memory on this machine; 8 by default',
      positiveNumber('--max-memory'),
    )
    .option(
      '--accept-foreign-plan',
      `accept the coordinator’s plan if the network is its own code: ${FOREIGN_PLAN_RISK}`,
    )
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files')
    .option(
      '--explain',
      'say what leaves this machine and what does not, and do nothing; with the token, also say what the federation asks for',
    );
  addNatsFlags(addCoordinatorKeyFlag(addTrustFlags(addTokenFlags(command))))
    .addHelpText(
      'after',
      `
Examples:
  commonweight join https://hub.example:8470 --token-file site-b.token --fingerprint 5f… --coordinator-key 9c… --data ./pictures
  commonweight join http://127.0.0.1:8470 --token-file runs/try/new-tokens.txt --name site-a --data fashion-mnist --partition v:1/2
  commonweight join tls://nats.example:4222 --name site-b --nats-creds site-b.creds --coordinator-key 9c… --data ./pictures
  commonweight join http://127.0.0.1:8470 --explain`,
    )
    .action(join);
}

async function join(url: string, flags: JoinFlags): Promise<void> {
  const { data, dataDir, partition, skipDamaged, shareLabelCounts, acceptForeignPlan, maxMemory, device } =
    flags;
  const shareSums = sumsPermission(flags);
  sayIfUnencrypted(url);
  if (flags.explain) {
    for (const line of joinExplanation(flags)) print(line);
    const asked = await explainFederation(url, flags);
    for (const line of asked) print(line);
    return;
  }
  if (data === undefined) {
    throw new UsageError('there is no data to train on', {
      hint: 'give --data PATH: a table, a file of arrays, or a folder of pictures with one folder for each class',
    });
  }
  const choice = partition === undefined ? undefined : shareChoice(partition);
  // Before this process takes the place of another with the same token.
  if (flags.out !== undefined) await requireUnused(flags.out);
  const display = joinDisplay(print);
  const { signal, stop } = watchInterrupts(() => print('interrupted: leaving after the current step'));
  try {
    const { onTrouble, onConnected, onLeftOut } = display;
    const end = await openEnd(url, flags, { signal, onTrouble, onConnected, onLeftOut });
    try {
      const { participant, description } = end;
      if (flags.name !== undefined && canonicalName(flags.name) !== participant) {
        throw new UsageError(`--name is "${flags.name}", but the token is that of "${participant}"`, {
          hint: 'leave out --name, or use the token that was made for that participant',
        });
      }
      const folder = flags.out ?? joinPath('runs', `join-${fileNameOf(participant)}`);
      display.onStart(participant, description);
      if (description.configuration.decision !== undefined && shareSums === undefined) {
        print(UNHEARD_IN_DECISION);
      }
      const outcome = await joinFederation(end, participant, {
        ...{ data, dataDir, choice, folder, signal, shareLabelCounts, shareSums, acceptForeignPlan },
        ...(maxMemory !== undefined && { mostMemoryBytes: maxMemory * 1e9 }),
        observer: display,
        ...{ skipDamaged, device },
        onProgress: dataLines(print),
        onNotice: print,
      });
      if (outcome.type === 'left') throw new Interrupted('left; rerun the same command to take part again');
      display.onFinished(outcome, outcome.model && joinPath(folder, FINAL_MODEL));
    } finally {
      await end.close();
    }
  } catch (error) {
    if (signal.aborted && !(error instanceof Interrupted))
      throw new Interrupted('left; rerun the same command to take part again');
    throw error;
  } finally {
    stop();
  }
}

const UNHEARD_IN_DECISION =
  'this federation chooses from which probability on the second class is predicted, from sums that participants share; without --share-sums, your examples have no part in that';

/** @throws UsageError when a smallest count is given that hides nothing */
function sumsPermission({ shareSums, smallest }: JoinFlags): SumsPermission | undefined {
  requireSmallest(smallest);
  if (shareSums) return { smallestCount: smallest ?? SMALLEST_COUNT };
  if (smallest === undefined) return undefined;
  throw new UsageError('--smallest is given, but no sums are shared, whose small counts it would hide', {
    hint: 'give --share-sums, too, or leave --smallest out',
  });
}

/** With an address and a token, asks the federation for its description, without joining it. */
async function explainFederation(url: string, flags: JoinFlags): Promise<string[]> {
  if (!hasToken(flags, url) && flags.name === undefined)
    return ['With the token, --explain also says what this federation asks for.'];
  const description = await describedBy(url, flags);
  return federationExplanation(description, await attachedTo(description));
}

/**
 * The attachments of updates, in words: those of the plan that is compiled here, whose hash is
 * compared. A network that is the coordinator's own code cannot be compiled; then they are what the
 * coordinator says.
 */
async function attachedTo(description: Description): Promise<readonly string[]> {
  const { configuration, attachments = [] } = description;
  if (configuration.model.name === 'custom') return attachments.map((name) => `the attachment "${name}"`);
  const { methods } = await compileDescription(description, { version: versionsOfThis().commonweight });
  return methods.flatMap(({ leaves }) => leaves ?? []);
}

async function describedBy(url: string, flags: JoinFlags): Promise<Description> {
  if (!isNats(url)) {
    const { address, token, key } = await hubAccessFrom(url, flags, participantOf(flags));
    const { coordinatorKey = key } = flags;
    return operateHub(address, token, { ...(await trustFrom(flags)), coordinatorKey }).description();
  }
  const { signal, stop } = watchInterrupts();
  try {
    const end = await openEnd(url, flags, { signal });
    await end.close();
    return end.description;
  } finally {
    stop();
  }
}

const participantOf = ({ name }: JoinFlags) => ({ roles: ['participant'] as const, name });

const isNats = (url: string) => /^(nats|tls):/.test(url);

/** Opens the end over a hub or over NATS, depending on the address. */
async function openEnd(
  url: string,
  flags: JoinFlags,
  patience: Patience & Pick<CoordinatorTrust, 'onLeftOut'>,
): Promise<HubParticipant> {
  const trust = await trustFrom(flags);
  if (!isNats(url)) {
    const { address, token, key } = await hubAccessFrom(url, flags, participantOf(flags));
    const { coordinatorKey = key } = flags;
    return joinHub(address, { token, coordinatorKey, ...patience, ...trust });
  }
  const { name, coordinatorKey } = flags;
  if (name === undefined) {
    throw new UsageError('over NATS no token says which participant this is', {
      hint: 'give --name',
    });
  }
  // If blobs go over NATS too, no token is needed.
  const token = await tokenFrom(flags, participantOf(flags)).catch((error: unknown) => error);
  const { joinNats } = await loadNatsParticipant();
  const end = await joinNats(url, {
    name,
    access: natsAccessFrom(flags),
    coordinatorKey,
    ...patience,
    hub(hubUrl, over) {
      if (typeof token !== 'string') throw token;
      return moveBlobs(hubAddress(hubUrl, token, trust), { over, onTrouble: patience.onTrouble });
    },
  });
  return { ...end, participant: name };
}
