/** What a last layer of one's own gains and loses where participants have very different classes. */
import { meanOfCopies, test, worstCopy } from './queue/measures.js';
import type { Study } from './queue/study.js';

export const ownHead: Study = {
  name: 'own-head',
  description:
    'Five participants with very different classes (dirichlet, alpha 0.1), a small mlp, eight rounds: should the last layer stay with its owner? Expected: on the participants’ own validation images own last layers far above one for all, with the participant that is worst off gaining most; on the common test images the reverse, since a personal model forgets the classes that its participant lacks. FedBABU, which trains own last layers in the last rounds only, between the two.',
  base: {
    dataset: 'fashion-mnist',
    examples: 5000,
    partition: { name: 'dirichlet', alpha: 0.1, participants: 5, validation: 0.2 },
    model: { name: 'mlp', hidden: [64] },
    optimizer: { name: 'sgd', learningRate: 0.05 },
    local: { epochs: 2 },
    rounds: 8,
  },
  variations: [
    { name: 'everything shared' },
    { name: 'a last layer of one’s own', change: { share: ['fc1.*'] } },
    {
      name: '… trained in the last two rounds only (`fed-babu`)',
      change: { share: ['fc1.*'], correction: { name: 'fed-babu', until: 0.75 } },
    },
  ],
  seeds: [0, 1, 2, 3, 4],
  table: { rows: 'variations', measures: [meanOfCopies, worstCopy, test] },
};
