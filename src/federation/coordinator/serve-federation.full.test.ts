import { describe } from 'vitest';
import { comesToTheSameBytes, eachInFolder, goesOn, survivesDamage } from './serve-federation.contract.js';

describe('a federation served to participants elsewhere', () => {
  const folder = eachInFolder();

  comesToTheSameBytes(folder, [
    ['the mean', {}],
    ['the last layer refitted before every copy', { refit: { rounds: 'every' } }],
    ['the median, beside others', { strategy: 'median', compare: ['absmax', 'max(on=updates)'] }],
    ['updates that are clipped', { clipUpdate: 0.2, strategy: 'median' }],
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
      { participantsPerRound: 1, rounds: 4, local: { steps: 5 } },
    ],
    [
      'half precision both ways, of initial weights of everybody’s own, clipped',
      { codec: { update: 'half', model: 'half' }, initialWeights: 'independent', clipUpdate: 0.5 },
    ],
    [
      'half precision of the models alone, a strategy on updates, and frozen weights',
      { codec: { model: 'half' }, strategy: 'task-arithmetic(lambda=0.7)', freeze: ['fc1.bias'] },
    ],
    [
      'the last layer of the average refitted after the last round',
      { refit: {}, average: { name: 'swa', from: 1, final: true } },
    ],
    ['evaluation now and then', { evaluateEvery: 2, rounds: 3 }],
    [
      'three, names of their own',
      { partition: { name: 'v', participants: 3 }, participants: ['site-c', 'site-a', 'site-b'] },
    ],
  ]);

  survivesDamage(folder, [
    ['zeroed', {}],
    ['removed', { server: { name: 'fed-adam', learningRate: 0.01 } }],
    ['cut', { correction: { name: 'scaffold' } }],
  ]);

  goesOn(folder, [
    ['the mean', {}],
    ['SCAFFOLD', { correction: { name: 'scaffold' } }],
    ['a refit', { refit: {} }],
    ['a server optimizer', { server: { name: 'fed-adam', learningRate: 0.01 } }],
  ]);
});
