/** What `commonweight serve` has written into a run's folder, to be handed out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTokenLines } from '../src/cli/flags/token-file.js';

export interface HandedOut {
  /** By the name of a participant, or the role of somebody else. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Of participants, in their order, and then the one to watch. */
  readonly links: readonly string[];
}

export function handedOut(run: string): HandedOut {
  const text = readFileSync(join(run, 'new-tokens.txt'), 'utf8');
  const tokens = readTokenLines(text).map(
    ({ identity, token }) =>
      [identity.role === 'participant' ? identity.name : identity.role, token] as const,
  );
  return { tokens: new Map(tokens), links: text.match(/http\S+#token=\S+/g) ?? [] };
}
