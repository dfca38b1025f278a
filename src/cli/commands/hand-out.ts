/**
 * Makes the tokens that `serve` hands out at its first start, in a file that only its owner can
 * read, and prints the commands that name the file. Printed text may end up in a system journal
 * that many people read. So a token is printed only in a link on a terminal.
 */
import { join } from 'node:path';
import { isPartitionerName } from '../../data/partition/partitioners.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { Description } from '../../protocol/description.js';
import type { Identity } from '../../protocol/identity.js';
import { linkTo } from '../../transport/hub/client/link.js';
import type { Tokens } from '../../transport/hub/server/guard/tokens.js';
import { openTokenFile } from '../flags/token-file.js';

export interface HandOutOptions {
  /** The run folder. */
  readonly folder: string;
  /** The coordinator's own data set, as it was given. */
  readonly dataset: string;
  /** The file for tokens; one in the run folder by default. */
  readonly tokensOut?: string | undefined;
  /** The number of days for which new tokens are valid. */
  readonly tokenDays?: number | undefined;
  /** The address of the hub for others. */
  readonly url: string;
  /** The address of NATS, if participants join over it. */
  readonly nats?: string | undefined;
  /** Whether participants over NATS need no token, because their blobs go over NATS too. */
  readonly withoutHub?: boolean | undefined;
  /** The flags by which participants recognize the hub: ` --fingerprint …`. */
  readonly trust: string;
  readonly description: Description;
  /** Participants that an operator has dropped; they get no token. */
  readonly dropped: ReadonlySet<string>;
  /** The coordinator's public key. */
  readonly key: string;
  /** Whether to print links: on a terminal, whose output is not kept. */
  readonly showsLinks: boolean;
  readonly print: (text: string) => void;
}

const NEW_TOKENS = 'new-tokens.txt';

/** Makes tokens for participants without one, and prints the commands for them. */
export async function handOut(tokens: Tokens, options: HandOutOptions): Promise<void> {
  const { url, trust, description, key, print, tokenDays: days } = options;
  const { participants, configuration } = description;
  const known = new Set(tokens.list().map(({ identity }) => JSON.stringify(identity)));
  const isNew = (identity: Identity) => !known.has(JSON.stringify(identity));
  const everybody = participants
    .filter((name) => !options.dropped.has(name))
    .map((name) => ({ role: 'participant', name }) as const);
  const fresh: Identity[] = [...everybody, { role: 'operator' } as const, { role: 'observer' } as const];
  const missing = fresh.filter(isNew);
  const again = `commonweight token ${url}${trust} --name NAME`;
  if (everybody.some((each) => !isNew(each))) {
    print(`  earlier tokens stay valid; \`${again}\` makes a new one`);
  }
  if (missing.length === 0) return;
  const path = options.tokensOut ?? join(options.folder, NEW_TOKENS);
  const links = options.showsLinks && options.tokensOut === undefined;
  const by = `--token-file ${shellWord(path)}${trust}`;
  const file = await openTokenFile(path);
  try {
    print(
      `new tokens are in ${path}, for you alone: hand each participant its line of it, then remove the file`,
    );
    for (const identity of missing) {
      const token = await tokens.issue(identity, {
        days,
        beforeKept: (issued) => file.add(identity, issued, linkFor(identity, url, issued, key)),
      });
      const link = linkFor(identity, url, token, key);
      if (identity.role === 'operator') print(`  operator:  commonweight status ${url} ${by}`);
      else if (identity.role === 'observer')
        print(`  to watch:  ${links ? link : `the last link in ${path}`}`);
      else {
        const { name } = identity;
        print(
          `  ${name}:  ${joinCommand(name, by, options)} --data ${dataFor(options.dataset, configuration, participants.indexOf(name))}`,
        );
        if (links) print(`  ${' '.repeat(name.length)}   or in a browser: ${link}`);
      }
    }
  } finally {
    await file.close();
  }
}

function linkFor({ role }: Identity, url: string, token: string, key: string): string | undefined {
  if (role === 'operator') return undefined;
  return role === 'participant' ? linkTo('join', url, token, key) : linkTo('watch', url, token);
}

function joinCommand(name: string, by: string, { url, nats, withoutHub, key }: HandOutOptions): string {
  const at = nats ?? url;
  const token = nats !== undefined && withoutHub ? '' : ` ${by}`;
  return `commonweight join ${at} --name ${name}${token} --coordinator-key ${key}`;
}

/**
 * The data in a participant's command. With a partition it is a trial: all have the same data set,
 * and each takes a share of it.
 */
function dataFor(dataset: string, { partition, data }: Configuration, k: number): string {
  const { name, participants, validation: _, ...settings } = partition;
  if (dataset === 'none' || !isPartitionerName(name))
    return (data?.kind ?? 'pictures') === 'pictures' ? 'DIR' : 'FILE';
  const text = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  return `${shellWord(dataset)} --partition ${[name, ...(text.length > 0 ? [text.join(',')] : []), `${k + 1}/${participants}`].join(':')}`;
}

const shellWord = (text: string) => (/^[\w./@:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
