import { describe, expect, it } from 'vitest';
import { pictureColumns } from '../../../test/picture-columns.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import type { Description } from '../../protocol/description.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
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

const description: Description = {
  protocol: PROTOCOL_VERSION,
  job: '0123456789abcdef',
  configuration,
  participants: ['seoul', 'busan', 'jeju'],
  ...pictureColumns([1, 28, 28], ['cat', 'dog']),
  plan: 'a'.repeat(64),
};

describe('what a participant is told before it joins', () => {
  it('says that counts of classes stay here, unless they are told', () => {
    const [leaves, stays] = joinExplanation({}).join('\n').split('What stays on this machine:');
    expect(leaves).not.toContain('each category');
    expect(stays).toContain('each category');
    const [told] = joinExplanation({ shareLabelCounts: true })
      .join('\n')
      .split('What stays on this machine:');
    expect(told).toContain('each category');
  });

  it('says that no graph comes here, unless it is accepted', () => {
    expect(joinExplanation({}).join('\n')).toContain('no graph\nunless --accept-foreign-plan says so.');
    const accepted = joinExplanation({ acceptForeignPlan: true }).join('\n');
    expect(accepted).toContain(
      'since --accept-foreign-plan says so:\na graph of the coordinator’s then reads your data',
    );
  });

  it('shows the settings that make updates tell more: many rounds of one step of one image', () => {
    const text = federationExplanation(description, ['the change of a control variate']).join('\n');
    for (const part of [
      'seoul, busan, jeju, a round needs 2',
      'mlp (hidden 4000)',
      'batches of 1;',
      '1 step per round',
      'rounds: 500',
      'with each update, the change of a control variate',
    ]) {
      expect(text).toContain(part);
    }
    expect(federationExplanation(description, []).join('\n')).not.toContain('with each update');
  });

  it('says of a network that is the coordinator’s own code what it means to take it', () => {
    const custom = {
      ...description,
      configuration: { ...configuration, model: { name: 'custom' } },
    } as const;
    const closed = federationExplanation(custom, []).join('\n');
    expect(closed).toContain('offers no plan');
    expect(closed).not.toContain('was compiled here');
    const foreignPlan = { sha256: 'b'.repeat(64), bytes: 1000 };
    const open = federationExplanation({ ...custom, foreignPlan }, []).join('\n');
    expect(open).toMatch(/--accept-foreign-plan.*\n.*could copy them/);
    expect(federationExplanation(description, []).join('\n')).not.toContain('foreign');
  });
});
