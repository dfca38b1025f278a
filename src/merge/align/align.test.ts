import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { type PermutationGroup, permuteState } from '../../tensor/permutation-group.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { alignUpdates } from './align.js';
import { weightMatching } from './weight-matching.js';

const layout = stateLayout([
  ['in', [6, 4]],
  ['mid', [6, 6]],
  ['out', [2, 12]],
]);
/** x → x + mid·x between two layers: the tensor in the middle has the group along both axes. */
const groups: PermutationGroup[] = [
  {
    size: 6,
    members: [
      { tensor: 'in', axis: 0, block: 1 },
      { tensor: 'mid', axis: 0, block: 1 },
      { tensor: 'mid', axis: 1, block: 1 },
      { tensor: 'out', axis: 1, block: 2 },
    ],
  },
];
const random = randomStream(5, 'test');
const model = (): StateDict => ({ layout, data: Float32Array.from({ length: 84 }, random.normal) });
const update = (name: string, state = model()) => ({ name, examples: 1, state });
const similarity = (a: StateDict, b: StateDict) =>
  a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0);

describe('alignment', () => {
  it('moves rows, columns and blocks of columns together', () => {
    const state = { layout, data: Float32Array.from({ length: 84 }, (_, place) => place) };
    const order = Uint32Array.of(1, 0, 2, 3, 4, 5);
    const { data } = permuteState(groups, [order], state);
    expect([...data.subarray(0, 8)]).toEqual([4, 5, 6, 7, 0, 1, 2, 3]);
    expect([...data.subarray(24, 36)]).toEqual([31, 30, 32, 33, 34, 35, 25, 24, 26, 27, 28, 29]);
    expect([...data.subarray(60, 66)]).toEqual([62, 63, 60, 61, 64, 65]);
  });

  it('recovers an order, where a tensor has the units along both axes too', () => {
    const state = model();
    const shuffled = permuteState(groups, [random.permutation(6)], state);
    const [orders] = weightMatching(groups, state, shuffled, 0);
    expect(permuteState(groups, [orders!], shuffled)).toEqual(state);
  });

  it('moves what travels with an update like its weights', () => {
    const [state, fisher] = [model(), model()];
    const shuffle = (values: StateDict) => permuteState(groups, [Uint32Array.of(2, 0, 1, 5, 3, 4)], values);
    const shuffled = { ...update('b', shuffle(state)), auxiliaries: { fisher: shuffle(fisher) } };
    const [, aligned] = alignUpdates(groups, [update('a', state), shuffled]);
    expect(aligned).toEqual({ ...update('b', state), auxiliaries: { fisher } });
  });

  it('never makes models less alike', () => {
    for (let trial = 0; trial < 20; trial++) {
      const [a, b] = [update('a'), update('b')];
      const [, aligned] = alignUpdates(groups, [a, b], { seed: trial });
      expect(similarity(a.state, aligned!.state)).toBeGreaterThanOrEqual(similarity(a.state, b.state));
    }
  });

  it('leaves the first by name as it is, whatever the order in which updates came', () => {
    const [a, b, c] = [update('a'), update('b'), update('c')];
    const aligned = alignUpdates(groups, [a, b, c]);
    expect(aligned[0]).toBe(a);
    expect(alignUpdates(groups, [c, a, b])).toEqual([aligned[2], aligned[0], aligned[1]]);
  });

  it('aligns all to a reference where there is one, and keeps what else an update has', () => {
    const state = model();
    const shuffled = { ...update('a', permuteState(groups, [random.permutation(6)], state)), examples: 9 };
    expect(alignUpdates(groups, [shuffled], { reference: state })).toEqual([
      { name: 'a', examples: 9, state },
    ]);
  });

  it('refuses what is no number, and names the participant', () => {
    const bad = update('b');
    bad.state.data[30] = Number.NaN;
    expect(() => alignUpdates(groups, [update('a'), bad])).toThrow(
      'merge: "mid" is NaN at index 6 in the update of "b", expected a finite number',
    );
  });

  it('refuses updates of different shapes', () => {
    const other = { layout: stateLayout([['in', [84]]]), data: new Float32Array(84) };
    expect(() => alignUpdates(groups, [update('a'), update('b', other)])).toThrow(
      'merge: "in" is [84] in the update of "b", expected [6,4]',
    );
  });

  it('refuses groups of another network', () => {
    const foreign = [{ size: 5, members: [{ tensor: 'in', axis: 0, block: 1 }] }];
    expect(() => alignUpdates(foreign, [update('a'), update('b')])).toThrow(
      'tensor: a permutation group has 5 elements along axis 0 of "in", but the state has [6,4]',
    );
  });
});
