/** Turns a description into facts in words for the page. */
import type { CompiledFederation } from '../../../federation/plan/compile-federation.js';
import type { Description } from '../../../protocol/description.js';
import { count } from '../../../report/numbers.js';
import { networkText, roundsText, trainingText } from '../../../report/text/introduction.js';
import type { FederationFacts } from '../state/messages.js';

export function federationFacts(
  participant: string,
  { configuration, participants, classNames, imageShape }: Description,
  { fisher }: Pick<CompiledFederation, 'fisher'>,
  demonstration: boolean,
): FederationFacts {
  const { correction, fisherExamples, rounds } = configuration;
  return {
    participant,
    others: participants.filter((name) => name !== participant),
    network: networkText(configuration),
    training: trainingText(configuration),
    merging: roundsText(configuration),
    ...{ rounds, classNames, imageShape, demonstration },
    besides: [
      ...(fisher === undefined
        ? []
        : [`with them, the mean squared gradients of ${count(fisherExamples)} of your pictures`]),
      ...(correction?.name === 'scaffold' ? ['with them, the change of a control variate'] : []),
    ],
  };
}
