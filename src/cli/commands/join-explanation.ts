/**
 * Explains what taking part means for a participant's data: what leaves the machine and, for a
 * given federation, how much it reveals.
 */

import { type ColumnFacts, categoriesOf, describeMeant } from '../../data/dataset.js';
import { imageShapeOf } from '../../data/images/image-dataset.js';
import { SMALLEST_COUNT } from '../../data/survey/own-answer.js';
import { FOREIGN_PLAN_RISK } from '../../federation/plan/foreign-plan.js';
import type { Description } from '../../protocol/description.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import {
  networkText,
  REFIT_SENDS,
  roundsText,
  surveySends,
  trainingText,
} from '../../report/text/introduction.js';

export interface Willing {
  readonly coordinatorKey?: string;
  readonly shareLabelCounts?: boolean;
  readonly shareSums?: boolean;
  readonly smallest?: number;
  readonly acceptForeignPlan?: boolean;
}

export function joinExplanation({
  shareLabelCounts,
  shareSums,
  smallest = SMALLEST_COUNT,
  acceptForeignPlan,
  coordinatorKey,
}: Willing): string[] {
  return [
    'What leaves this machine, to the coordinator:',
    '  - the weights of the network after each round of training, and what a method needs besides: squared',
    '    gradients for fisher-mean, control variates for scaffold',
    '  - the numbers of examples for training and for validation, how many were used, and how long it took',
    '  - the loss of training, and the figures (such as accuracy) on validation examples of one’s own, of one’s own model and of the merged one',
    '  - whether the data are the same as the last time; the digest that tells stays in the folder on this machine',
    '  - while it trains: the epoch, the step and examples per second',
    '  - the name of the participant, the version of its engine, and the message of an error if its work fails',
    ...(shareLabelCounts
      ? ['  - how many examples of each category there are, since --share-label-counts says so']
      : []),
    ...(shareSums ? [`  - ${sharedSumsText(smallest)}, since --share-sums says so`] : []),
    'What stays on this machine:',
    '  - the examples themselves, the names of files and folders',
    ...(shareLabelCounts
      ? []
      : [
          '  - exactly how many examples of each category there are, unless --share-label-counts says so; some federations begin with a survey,',
          '    for which the numbers of training examples leave it, with small ones hidden: the lines on the federation say so',
        ]),
    ...(shareSums ? [] : ['  - the sums that those figures are computed from, unless --share-sums says so']),
    'What comes to this machine: settings, from which the network is compiled here, and weights. No program comes, and no graph',
    ...(acceptForeignPlan
      ? [
          'except that of a network which is the coordinator’s own code, since --accept-foreign-plan says so:',
          `${FOREIGN_PLAN_RISK}.`,
        ]
      : ['unless --accept-foreign-plan says so.']),
    'Whom this participant believes: the coordinator signs what it asks for. This participant follows only what is signed by',
    coordinatorKey === undefined
      ? 'the first key that the coordinator shows, since no --coordinator-key was given: compare it with the operator’s.'
      : `the key ${coordinatorKey}.`,
    'Weights can tell about the data that they were trained on: docs/security.md says what they tell, and what helps.',
  ];
}

const sharedSumsText = (smallest: number) =>
  `the sums that the figures of the merged model are computed from: how many validation examples of each class were taken for which, and a histogram of predicted probabilities; ${
    smallest === 1 ? 'no small count is hidden' : `counts below ${smallest} are hidden`
  }`;

/** @param attached the attachments of updates, in words */
export function federationExplanation(description: Description, attached: readonly string[]): string[] {
  const { configuration, participants, foreignPlan } = description;
  const { quorum, refit, decision } = configuration;
  const needed = quorum === undefined ? 'a round needs all of them' : `a round needs ${quorum} of them`;
  const isForeign = configuration.model.name === 'custom';
  return [
    isForeign
      ? 'What this federation asks for:'
      : 'What this federation asks for; its plan was compiled here and has the hash that the federation names:',
    `  - participants: ${participants.join(', ')}, ${needed}`,
    ...dataLines(description),
    `  - network: ${networkText(configuration)}`,
    ...(isForeign ? foreignLines(foreignPlan !== undefined) : []),
    `  - training: ${trainingText(configuration)}`,
    `  - rounds: ${roundsText(configuration)}`,
    ...attached.map((what) => `  - with each update, ${what}`),
    ...surveySends(configuration).map((what) => `  - ${what}`),
    ...(refit === undefined ? [] : [`  - ${REFIT_SENDS}`]),
    ...(decision === undefined
      ? []
      : [
          '  - a histogram of the predicted probabilities on validation examples, from those who join with --share-sums: the probability is chosen from it from which on the second class is predicted',
        ]),
    `  - all of this is what a participant agrees to: the description has the SHA-256 ${descriptionHash(description)}`,
    'Updates tell more about each example if each update is made of few examples, and if there are many updates.',
  ];
}

/** The inputs and targets of the network: pictures in words, other data column by column. */
function dataLines(description: Description): string[] {
  const shape = imageShapeOf(description);
  if (shape !== undefined) {
    return [
      `  - images: ${shape.join('x')} (channels x height x width), of ${categoriesOf(description).join(', ')}`,
    ];
  }
  const listed = (columns: readonly ColumnFacts[]) =>
    columns
      .map((column) => {
        const { meaning } = column;
        const names = meaning.kind === 'categories' ? ` (${meaning.names.join(', ')})` : '';
        return `${describeMeant(column)}${names}`;
      })
      .join('; ');
  return [
    `  - what the network is given: ${listed(description.inputs)}`,
    `  - what it learns: ${listed(description.targets)}`,
  ];
}

/**
 * The lines about a network that is the coordinator's own code, which nothing here can describe.
 */
const foreignLines = (isOffered: boolean) => [
  '    "custom" is a network of the coordinator’s own code. A program that has it too can join by the library;',
  isOffered
    ? '    this command can join with --accept-foreign-plan, which accepts the graphs that the coordinator compiled:'
    : '    no other participant can: the coordinator offers no plan of it',
  ...(isOffered ? [`    ${FOREIGN_PLAN_RISK}`] : []),
];
