/** The paper's claim: in V the merged model is as good as one that is trained on all the data. */
import { profile } from '../src/federation/plan/profiles.js';
import { difference, epochs, merged, own, pooled } from './queue/measures.js';
import type { Study } from './queue/study.js';

const mean = merged('mean');

export const vPaper: Study = {
  name: 'v-paper',
  description:
    'V, paper profile: is the mean within 0.3 points of pooled training with as many steps in all? The first two rounds of the profile, which decide it and have the same bytes as in four; rounds 3 and 4 cost as much again and changed little with seed 0. Expected: far below in round 1, whose models began apart, and above pooled, which overfits, in round 2.',
  base: { ...profile('v', 'paper', 0), rounds: 2 },
  variations: [{ name: 'paper' }],
  seeds: [0, 1, 2],
  table: {
    rows: 'rounds',
    measures: [
      epochs,
      own,
      mean,
      merged('max'),
      merged('absmax'),
      pooled,
      difference(mean, pooled, 'mean − pooled'),
    ],
  },
};
