/**
 * Refuses a federation that needs what only a program can bring. The page that a hub serves has no
 * more than this package has.
 */
import { FederationError } from '../../../federation/error.js';
import { methodNames } from '../../../federation/methods/methods.js';
import { readStrategy } from '../../../merge/strategies/strategies.js';
import type { Description } from '../../../protocol/description.js';
import { codecs } from '../../../transforms/codec/codecs.js';

/** @throws FederationError that lists what the federation needs and the page does not have */
export function requireNoProgram({ configuration, attachments = [] }: Description): void {
  const { model, task, strategy, compare, codec } = configuration;
  const listed = (kind: string, names: readonly string[]) =>
    [...new Set(names)].map((name) => `the ${kind} "${name}"`);
  const strategies = [strategy, ...compare].filter((name) => !('strategy' in readStrategy(name)));
  const methods = attachments.filter((name) => !methodNames.includes(name));
  const travelling = [codec.update, codec.model].filter((name) => !codecs.some((one) => one.name === name));
  const needed = [
    ...(model.name === 'custom' ? ['a network of its own'] : []),
    ...(task.name === 'custom' ? ['a task of its own'] : []),
    ...listed('strategy', strategies),
    ...listed('method', methods),
    ...listed('codec', travelling),
  ];
  if (needed.length === 0) return;
  throw new FederationError(`federation: it needs what this page does not have: ${needed.join(', ')}`, {
    hint: 'ask the coordinator for a program that takes part: it joins with these as "extensions"',
  });
}
