/** What narrows the gap of H where rounds are long: corrections and rates. */
import { profile } from '../src/federation/plan/profiles.js';
import { test, validation } from './queue/measures.js';
import type { Study } from './queue/study.js';

export const hCorrections: Study = {
  name: 'h-corrections',
  description:
    'H, 50 merges of 34 plain local steps with Nesterov momentum at the server, to choose by: what holds two environments of five classes together? Expected: SCAFFOLD, whose control variates are exact for steps that change little, above FedNTD, both above nothing; FedBABU above all once its last layer is fitted, if that layer is what is pulled apart; half the rate with twice the way at the server as good as the rate, with half of the drift.',
  base: { ...profile('h', 'best', 0), compare: [], rounds: 50, local: { steps: 34 }, evaluateEvery: 25 },
  variations: [
    { name: 'plain' },
    { name: 'scaffold', change: { correction: { name: 'scaffold' } } },
    { name: 'fed-ntd', change: { correction: { name: 'fed-ntd', beta: 1 } } },
    { name: 'fed-rs', change: { correction: { name: 'fed-rs', alpha: 0.5 } } },
    // Its last layer is as random as it began until it is refitted.
    { name: 'fed-babu', change: { correction: { name: 'fed-babu' }, refit: { rounds: 'last' } } },
    {
      name: 'half the rate, server 2',
      change: {
        optimizer: { name: 'sgd', learningRate: 0.025, weightDecay: 5e-4 },
        server: { name: 'fed-avg-m', learningRate: 2, momentum: 0.9, nesterov: true },
      },
    },
  ],
  seeds: [0],
  table: { rows: 'variations', measures: [validation, test] },
};
