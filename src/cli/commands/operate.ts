/**
 * `commonweight status`, `stop`, `drop`, `rollback` and `token`: an operator's commands for a run.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readRun } from '../../federation/record/read-run.js';
import { statusOf } from '../../federation/rounds/status.js';
import type { Identity, TokenRole } from '../../protocol/identity.js';
import { statusLines } from '../../report/text/status-lines.js';
import { linkTo } from '../../transport/hub/client/link.js';
import { type HubOperator, operateHub } from '../../transport/hub/client/node/operate-hub.js';
import { addTokenFlags, hubAccessFrom, type TokenFlags } from '../flags/token-flag.js';
import { addTrustFlags, type TrustFlags, trustFrom } from '../flags/trust-flags.js';
import { sayIfUnencrypted } from '../flags/unencrypted.js';
import { wholeNumber } from '../flags/values.js';
import { UsageError } from '../terminal/error.js';
import { print } from '../terminal/print.js';

type Flags = TokenFlags & TrustFlags;

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description(
      'Show the state of a run. Give the address of its coordinator, with a token of an operator or observer; or give the run’s folder, without a token.',
    )
    .argument('<url|run>', 'https://host:8470, or the link to watch, or the folder of a run')
    .option('--json', 'print the state as JSON')
    .addHelpText(
      'after',
      `
Examples:
  commonweight status http://127.0.0.1:8470 --token-file operator.token
  commonweight status runs/federation`,
    );
  addTrustFlags(addTokenFlags(command)).action(async (target: string, flags: Flags & { json?: true }) => {
    const status = /^\w+:\/\//.test(target)
      ? await (await operator(target, flags, ['operator', 'observer'])).hub.status()
      : statusOf((await readRun(await folderOf(target))).state);
    print(flags.json ? JSON.stringify(status) : statusLines(status, new Date()).join('\n'));
  });
}

export function addStop(program: Command): void {
  const command = program
    .command('stop')
    .description(
      'End a run for good, with the model of the last merged round. To pause it instead, end the coordinator by Ctrl-C, and rerun the same command to resume.',
    )
    .argument('<url>', 'https://host:8470')
    .addHelpText(
      'after',
      `
Example:
  commonweight stop http://127.0.0.1:8470 --token-file operator.token`,
    );
  addTrustFlags(addTokenFlags(command)).action(async (url: string, flags: Flags) => {
    await (await operator(url, flags)).hub.stop();
    process.stdout.write('the run is stopped; its participants are told\n');
  });
}

export function addDrop(program: Command): void {
  const command = program
    .command('drop')
    .description(
      'Go on without a participant, for good. Nothing is expected of it any more, and an update of it that is not merged yet does not count. Its token is void, and its `join` ends with a message. Models that hold its updates stay as they are; `commonweight rollback` goes back to before them.',
    )
    .argument('<url>', 'https://host:8470')
    .argument('<participant>', 'its name')
    .addHelpText(
      'after',
      `
Example:
  commonweight drop http://127.0.0.1:8470 site-c --token-file operator.token`,
    );
  addTrustFlags(addTokenFlags(command)).action(async (url: string, name: string, flags: Flags) => {
    const { hub, address } = await operator(url, flags);
    const rounds = await hub.drop(name);
    print(`${name} is dropped: nothing is expected of it any more, and its token is void`);
    const [first] = rounds;
    if (first === undefined) return;
    print(
      `the models of ${rounds.length === 1 ? `round ${first}` : `rounds ${first} to ${rounds.at(-1)}`} hold its updates; \`commonweight rollback ${address} --to ${first - 1}\` goes back to before them, where that model is kept`,
    );
  });
}

export function addRollback(program: Command): void {
  const command = program
    .command('rollback')
    .description(
      'Resume a run after an earlier round. The rounds after it are void, and all participants train for them anew. The setting "keep" says for how many rounds the models are kept, and so how far back you can go. Round 0 is the beginning.',
    )
    .argument('<url>', 'https://host:8470')
    .requiredOption('--to <round>', 'the last round that is to count', wholeNumber('--to', 0))
    .addHelpText(
      'after',
      `
Example:
  commonweight rollback http://127.0.0.1:8470 --to 3 --token-file operator.token`,
    );
  addTrustFlags(addTokenFlags(command)).action(async (url: string, flags: Flags & { to: number }) => {
    await (await operator(url, flags)).hub.rollback(flags.to);
    print(
      flags.to === 0
        ? 'the run begins again; its participants are told'
        : `the run goes on after round ${flags.to}; its participants are told`,
    );
  });
}

interface TokenCommandFlags extends Flags {
  readonly name?: string;
  readonly role?: string;
  readonly revoke?: true;
  readonly rotate?: true;
  readonly days?: number;
}

export function addToken(program: Command): void {
  const command = program
    .command('token')
    .description(
      'Make a new token for a participant, an observer or an operator. A participant’s earlier token is void then. The new token is shown only once: the coordinator keeps its hash.',
    )
    .argument('<url>', 'https://host:8470')
    .option('--name <participant>', 'the participant that the token is for')
    .option('--role <role>', 'observer or operator, instead of --name')
    .option('--rotate', 'the earlier token stays valid until the new one is first used')
    .option(
      '--days <n>',
      'the token is valid for n days; without end by default',
      wholeNumber('--days', 1, 3650),
    )
    .option('--revoke', 'revoke existing tokens without issuing a new one')
    .addHelpText(
      'after',
      `
Examples:
  commonweight token http://127.0.0.1:8470 --token-file operator.token --name site-b
  commonweight token http://127.0.0.1:8470 --token-file operator.token --name site-b --rotate --days 90
  commonweight token http://127.0.0.1:8470 --token-file operator.token --role observer
  commonweight token http://127.0.0.1:8470 --token-file operator.token --name site-b --revoke`,
    );
  addTrustFlags(addTokenFlags(command)).action(async (url: string, flags: TokenCommandFlags) => {
    const identity = identityOf(flags);
    const { hub, address } = await operator(url, flags);
    if (flags.revoke) {
      const revoked = await hub.revokeTokens(identity);
      process.stdout.write(`${revoked === 1 ? '1 token is' : `${revoked} tokens are`} void\n`);
    } else {
      const token = await hub.issueToken(identity, { days: flags.days, rotate: flags.rotate });
      print(token);
      // Not on stdout, which has the token alone, so that it can be written into a file.
      const joins = identity.role === 'participant';
      const key = joins ? await hub.coordinatorKey() : undefined;
      if (key !== undefined) process.stderr.write(`to join: --coordinator-key ${key}\n`);
      process.stderr.write(`in a browser: ${linkTo(joins ? 'join' : 'watch', address, token, key)}\n`);
    }
  });
}

function identityOf({ name, role }: TokenCommandFlags): Identity {
  if (name !== undefined && role === undefined) return { role: 'participant', name };
  if (name === undefined && (role === 'observer' || role === 'operator')) return { role };
  throw new UsageError('whose token is it?', {
    hint: 'give --name PARTICIPANT, or --role observer, or --role operator',
  });
}

async function operator(
  target: string,
  flags: Flags,
  roles: readonly TokenRole[] = ['operator'],
): Promise<{ readonly hub: HubOperator; readonly address: string }> {
  if (/^(nats|tls):\/\//.test(target)) {
    throw new UsageError('this is the address of a NATS server, expected that of the hub', {
      hint: 'also over NATS an operator’s requests go to the hub of `serve`, which prints its address: http://127.0.0.1:8470, say',
    });
  }
  const { address, token } = await hubAccessFrom(target, flags, { roles });
  sayIfUnencrypted(address);
  return { hub: operateHub(address, token, await trustFrom(flags)), address };
}

async function folderOf(path: string): Promise<string> {
  const found = await stat(join(path, 'configuration.yaml')).catch(() => undefined);
  if (found !== undefined) return path;
  throw new UsageError(`"${path}" is neither the address of a coordinator nor the folder of a run`, {
    hint: 'an address begins with http:// or https://; a folder is what --out named',
  });
}
