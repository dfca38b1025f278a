/** What taking part means for one's data: what leaves this machine, and, of a federation that is asked, how much it shows. */
import { FOREIGN_PLAN_RISK } from '../../federation/plan/foreign-plan.js';
import type { Description } from '../../protocol/description.js';
import { networkText, roundsText, trainingText } from '../../report/text/introduction.js';

export interface Willing {
  readonly coordinatorKey?: string;
  readonly shareLabelCounts?: boolean;
  readonly acceptForeignPlan?: boolean;
}

export function joinExplanation({ shareLabelCounts, acceptForeignPlan, coordinatorKey }: Willing): string[] {
  return [
    'What leaves this machine, to the coordinator:',
    '  - the weights of the network after each round of training, and what the strategy needs besides: squared',
    '    gradients for fisher-mean, control variates for scaffold',
    '  - how many examples there are for training and for validation, how many were seen, and how long it took',
    '  - the loss of training, and the accuracy on validation examples of one’s own, of one’s own model and of the merged one',
    '  - whether the data are those of the last time; a digest by which that is known stays in the folder here',
    '  - while it trains: the epoch, the step and images per second',
    '  - the name of the participant, and the version of its engine; where its work fails, the error in words',
    ...(shareLabelCounts
      ? ['  - how many examples of each class there are, since --share-label-counts says so']
      : []),
    'What does not:',
    '  - images, labels, the names of files and folders',
    ...(shareLabelCounts
      ? []
      : ['  - how many examples of each class there are, unless --share-label-counts says so']),
    'What comes here: settings, from which the network is compiled on this machine, and weights. No program, and no graph',
    ...(acceptForeignPlan
      ? [
          'but that of a network which is the coordinator’s own code, since --accept-foreign-plan says so:',
          `${FOREIGN_PLAN_RISK}.`,
        ]
      : ['unless --accept-foreign-plan says so.']),
    'Whose word is taken: what the coordinator asks for is signed. Taken is what is signed by',
    coordinatorKey === undefined
      ? 'the first key that it shows, since no --coordinator-key was given: compare it with the one that the operator has.'
      : `the key ${coordinatorKey}, and nothing else.`,
    'Weights can tell about the data that they were trained on: docs/security.md says what, and what helps against it.',
  ];
}

/** @param sendsFisher a strategy of it wants the Fisher information */
export function federationExplanation(
  { configuration, participants, imageShape, classNames, foreignPlan }: Description,
  sendsFisher: boolean,
): string[] {
  const { quorum, correction, fisherExamples } = configuration;
  const needed = quorum === undefined ? 'all of whom a round needs' : `of whom a round needs ${quorum}`;
  const isForeign = configuration.model.name === 'custom';
  return [
    isForeign
      ? 'What this federation asks for:'
      : 'What this federation asks for; its plan was compiled here and is the one that it names:',
    `  - participants: ${participants.join(', ')}, ${needed}`,
    `  - images: ${imageShape.join('x')} (channels x height x width), of ${classNames.join(', ')}`,
    `  - network: ${networkText(configuration)}`,
    ...(isForeign ? foreignLines(foreignPlan !== undefined) : []),
    `  - training: ${trainingText(configuration)}`,
    `  - rounds: ${roundsText(configuration)}`,
    ...(sendsFisher
      ? [`  - with each update, the mean squared gradients of ${fisherExamples} examples`]
      : []),
    ...(correction?.name === 'scaffold' ? ['  - with each update, the change of a control variate'] : []),
    'The fewer images an update is made of, and the more updates there are, the more they tell about each image.',
  ];
}

/** Of a network that is the coordinator's own code, so that nothing here can say what it is. */
const foreignLines = (isOffered: boolean) => [
  '    "custom" is a network of the coordinator’s own code: a program joins that has it too, by the library',
  isOffered
    ? '    or who says --accept-foreign-plan, and takes the graphs that the coordinator has compiled of it:'
    : '    and nobody else: no plan of it is offered',
  ...(isOffered ? [`    ${FOREIGN_PLAN_RISK}`] : []),
];
