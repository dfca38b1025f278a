import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { stateLayout } from '../../tensor/state-dict.js';
import { plain } from '../../transforms/codec/plain.js';
import { transformed } from '../../transforms/transform.js';
import { attackersOf } from './attackers.js';
import { transformsOf } from './transforms.js';

const layout = stateLayout([['fc.weight', [2]]]);
const base = Float32Array.of(1, 1);
const trained = Float32Array.of(4, 5);

function leaving(participant: string, settings: object): number[] {
  const configuration = parseConfiguration(
    {
      ...{ partition: { name: 'v', participants: 3 }, model: { name: 'mlp' }, rounds: 1 },
      ...{ optimizer: { name: 'sgd', learningRate: 0.1 }, local: { epochs: 1 }, ...settings },
    },
    'test',
  );
  const attackers = attackersOf(configuration, ['a', 'b', 'c']);
  const transforms = transformsOf(configuration, plain, attackers)(participant);
  return [...transformed(transforms, trained, base, { layout, participant, round: 1 })];
}

describe('what leaves an owner', () => {
  it('is what was trained, where nothing is set', () => {
    expect(leaving('a', {})).toEqual([4, 5]);
  });

  it('is clipped', () => {
    expect(leaving('a', { clipUpdate: 1 })).toEqual([1.6, 1.8].map(Math.fround));
  });

  it('is what an attacker makes of it, and of the others what they trained', () => {
    const attack = { name: 'sign-flip', attackers: 1, scale: 1 };
    expect(leaving('c', { attack })).toEqual([-2, -3]);
    expect(leaving('b', { attack })).toEqual([4, 5]);
  });

  it('is clipped after an attack, since an update beyond the bound would be refused', () => {
    const attack = { name: 'scaled', attackers: 1, scale: 100 };
    expect(leaving('c', { attack, clipUpdate: 1 })).toEqual([1.6, 1.8].map(Math.fround));
    expect(leaving('c', { attack: { name: 'label-flip', attackers: 1 }, clipUpdate: 1 })).toEqual(
      [1.6, 1.8].map(Math.fround),
    );
  });
});
