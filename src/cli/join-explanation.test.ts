import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../protocol/configuration.js';
import { PROTOCOL_VERSION } from '../protocol/version.js';
import { federationExplanation, joinExplanation } from './join-explanation.js';

const configuration = parseConfiguration(
  {
    dataset: 'none',
    imageShape: [1, 28, 28],
    classNames: ['cat', 'dog'],
    partition: { name: 'own', participants: 3 },
    participants: ['seoul', 'busan', 'jeju'],
    quorum: 2,
    model: { name: 'mlp', hidden: [4000] },
    optimizer: { name: 'sgd', learningRate: 0.1 },
    correction: { name: 'scaffold' },
    batchSize: 1,
    local: { steps: 1 },
    rounds: 500,
  },
  'test',
);

describe('what a participant is told before it joins', () => {
  it('says that counts of classes stay here, unless they are told', () => {
    const [leaves, stays] = joinExplanation(false).join('\n').split('What does not:');
    expect(leaves).not.toContain('each class');
    expect(stays).toContain('each class');
    const [told] = joinExplanation(true).join('\n').split('What does not:');
    expect(told).toContain('each class');
  });

  it('shows the settings that make updates tell more: many rounds of one step of one image', () => {
    const description = {
      protocol: PROTOCOL_VERSION,
      job: '0123456789abcdef',
      configuration,
      participants: ['seoul', 'busan', 'jeju'],
      imageShape: [1, 28, 28] as [number, number, number],
      classNames: ['cat', 'dog'],
      plan: 'a'.repeat(64),
    };
    const text = federationExplanation(description, false).join('\n');
    for (const part of [
      'seoul, busan, jeju, of whom a round needs 2',
      'mlp (hidden 4000)',
      'batches of 1;',
      '1 step a round',
      'rounds: 500',
      'control variate',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('squared gradients');
    expect(federationExplanation(description, true).join('\n')).toContain('squared gradients of 1000');
  });
});
