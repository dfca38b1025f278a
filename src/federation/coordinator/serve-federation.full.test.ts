import { describe } from 'vitest';
import { comesToTheSameBytes, eachInFolder, goesOn, survivesDamage } from './serve-federation.contract.js';

describe('a federation served to participants elsewhere', () => {
  const folder = eachInFolder();

  comesToTheSameBytes(folder, [
    ['the mean', {}],
    ['the median, beside others', { strategy: 'median', compare: ['absmax', 'max(on=updates)'] }],
    ['a strategy on updates', { strategy: 'task-arithmetic(lambda=0.7)' }],
    ['initial weights of everybody’s own, aligned', { initialWeights: 'independent', align: true }],
    [
      'a server optimizer and an average',
      { server: { name: 'fed-adam', learningRate: 0.01 }, average: { name: 'ema', decay: 0.5 } },
    ],
    ['SCAFFOLD', { correction: { name: 'scaffold' }, rounds: 3 }],
    ['the Fisher information', { strategy: 'fisher-mean', fisherExamples: 32 }],
    [
      'participants drawn for each round, and steps',
      { participantsPerRound: 2, rounds: 4, local: { steps: 5 } },
    ],
    ['evaluation now and then', { evaluateEvery: 2, rounds: 3 }],
    ['names of their own', { participants: ['site-c', 'site-a', 'site-b'] }],
  ]);

  survivesDamage(folder, [
    ['zeroed', {}],
    ['cut', { correction: { name: 'scaffold' } }],
  ]);

  goesOn(folder, [
    ['the mean', {}],
    ['a server optimizer', { server: { name: 'fed-adam', learningRate: 0.01 } }],
  ]);
});
