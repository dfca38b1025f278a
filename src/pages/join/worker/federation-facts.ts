/** Turns a description into facts in words for the page. */
import { categoriesOf } from '../../../data/dataset.js';
import { beginsWithSurvey } from '../../../federation/methods/made-constants.js';
import type { CompiledFederation } from '../../../federation/plan/compile-federation.js';
import { hasOwnParts } from '../../../protocol/configuration/own-parts.js';
import { metricsOf } from '../../../protocol/configuration/task-metrics.js';
import type { Description } from '../../../protocol/description.js';
import {
  networkText,
  REFIT_SENDS,
  roundsText,
  surveySends,
  trainingText,
} from '../../../report/text/introduction.js';
import type { FederationFacts } from '../state/messages.js';
import { purposeOf, wantedData } from './shown/wanted-data.js';

export function federationFacts(
  participant: string,
  description: Description,
  { methods }: Pick<CompiledFederation, 'methods'>,
  demonstration: boolean,
): FederationFacts {
  const { configuration, participants } = description;
  const { rounds, refit } = configuration;
  return {
    participant,
    others: participants.filter((name) => name !== participant),
    network: networkText(configuration),
    training: trainingText(configuration),
    merging: roundsText(configuration),
    metric: metricsOf(configuration)[0],
    ...{ purpose: purposeOf(description), wanted: wantedData(description) },
    classNames: categoriesOf(description),
    countsClasses: beginsWithSurvey(configuration),
    decides: configuration.decision !== undefined,
    ...{ rounds, demonstration },
    ...(hasOwnParts(configuration) && { isPersonal: true }),
    besides: [
      ...methods.flatMap(({ leaves }) => (leaves === undefined ? [] : [`with them, ${leaves}`])),
      ...surveySends(configuration),
      ...(refit === undefined ? [] : [REFIT_SENDS]),
    ],
  };
}
