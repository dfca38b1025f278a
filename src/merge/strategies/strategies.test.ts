import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { philox, randomStream } from '../../base/random.js';
import { MergeError } from '../error.js';
import { readStrategy, strategyByName, strategyNames, strategySignatures } from './strategies.js';
import { type Exceptions, type Oracle, perPlace, places, strategyContract } from './strategy.contract.js';

type Vector = readonly number[];
const sum = (values: Vector) => values.reduce((total, value) => total + value, 0);
const mean = (values: Vector) => sum(values.map((value) => value / values.length));
const ascending = (values: Vector) => [...values].sort((a, b) => a - b);
const middle = (values: Vector) => {
  const sorted = ascending(values);
  return mean(sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1));
};
const dot = (a: Vector, b: Vector) => sum(a.map((value, i) => value * b[i]!));
const minus = (a: Vector, b: Vector) => a.map((value, i) => value - b[i]!);
const length = (a: Vector) => Math.sqrt(dot(a, a));
const combined = (vectors: readonly Vector[], weights: Vector) =>
  vectors[0]!.map((_, i) => sum(vectors.map((vector, k) => weights[k]! * vector[i]!)));
const shares = (examples: Vector) => examples.map((count) => count / sum(examples));
const equal = (vectors: readonly Vector[]) => vectors.map(() => 1 / vectors.length);

/** Krum's choice among these. */
function closest(vectors: readonly Vector[], f: number): Vector {
  const scores = vectors.map((one) => {
    // The distance from itself, 0, is the smallest.
    const squares = ascending(vectors.map((other) => dot(minus(one, other), minus(one, other))));
    return sum(squares.slice(1, 1 + Math.max(1, vectors.length - f - 2)));
  });
  return vectors[scores.indexOf(Math.min(...scores))]!;
}

/** Krum's choices one after the other, removed or kept after each choice. */
function ranked(vectors: readonly Vector[], f: number, count: number, among: 'all' | 'left'): Vector[] {
  if (among === 'all') {
    const score = (one: Vector) =>
      sum(
        ascending(vectors.map((other) => dot(minus(one, other), minus(one, other)))).slice(
          1,
          1 + Math.max(1, vectors.length - f - 2),
        ),
      );
    return [...vectors].sort((a, b) => score(a) - score(b)).slice(0, count);
  }
  const left = [...vectors];
  return Array.from({ length: count }, () => left.splice(left.indexOf(closest(left, f)), 1)[0]!);
}

/** The value up to which half of the weight lies. */
function weightedMiddle(values: Vector, weights: Vector): number {
  const order = values.map((_, k) => k).sort((i, j) => values[i]! - values[j]!);
  let left = sum(weights) / 2;
  let at = -1;
  while (left > 0) left -= weights[order[++at]!]!;
  const value = values[order[at]!]!;
  return left === 0 ? (value + values[order[at + 1]!]!) / 2 : value;
}

function weiszfeld(vectors: readonly Vector[], examples: Vector, nu: number): Vector {
  let z = perPlace(weightedMiddle)(vectors, examples, []);
  for (let iteration = 0; iteration < 1000; iteration++) {
    const beta = vectors.map((one, k) => examples[k]! / Math.max(nu, length(minus(one, z))));
    z = combined(vectors, shares(beta));
  }
  return z;
}

const cosineOf = (a: Vector, b: Vector) =>
  length(a) * length(b) === 0 ? 0 : dot(a, b) / (length(a) * length(b));

/** The first tensor, then the second. */
const byTensor =
  (oracle: Oracle): Oracle =>
  (vectors, examples, fisher) =>
    [[0, 4] as const, [4, 5] as const].flatMap(([from, to]) =>
      oracle(
        vectors.map((vector) => vector.slice(from, to)),
        examples,
        fisher,
      ),
    );

const slerp =
  (t: number): Oracle =>
  ([a, b]) => {
    const cos = cosineOf(a!, b!);
    if (Math.abs(cos) > 0.9995 || length(a!) * length(b!) === 0) return combined([a!, b!], [1 - t, t]);
    const omega = Math.acos(cos);
    return combined(
      [a!, b!],
      [Math.sin((1 - t) * omega) / Math.sin(omega), Math.sin(t * omega) / Math.sin(omega)],
    );
  };

const ties =
  (density: number, lambda: number): Oracle =>
  (vectors) => {
    const trimmed = vectors.map((vector) => {
      const magnitudes = ascending(vector.map((value) => Math.fround(Math.abs(value)))).reverse();
      const least = magnitudes[Math.ceil(density * vector.length) - 1]!;
      return vector.map((value) => (Math.fround(Math.abs(value)) >= least ? value : 0));
    });
    return perPlace((values) => {
      const sign = Math.sign(sum(values));
      const agreed = values.filter((value) => Math.sign(value) === sign);
      return sign === 0 ? 0 : lambda * mean(agreed);
    })(trimmed, [], []);
  };

const dare =
  (p: number): Oracle =>
  (vectors, examples) =>
    places.map(([tensor, index], i) => {
      const key = randomStream(0, 'dare', tensor);
      const [k0, k1] = [key.uint32(), key.uint32()];
      const kept = vectors.map((vector) => {
        const [low, high] = new Uint32Array(Float64Array.of(vector[i]!).buffer);
        const drawn = new Uint32Array(4);
        philox(drawn, index, 0, low!, high!, k0, k1);
        return drawn[0]! / 2 ** 32 < p ? 0 : vector[i]! / (1 - p);
      });
      return dot(kept, shares(examples));
    });

const trimmed = (trim: number) =>
  perPlace((values) => {
    const left = Math.floor(trim * values.length);
    return mean(ascending(values).slice(left, values.length - left));
  });

const absmax = perPlace((values) => {
  const largest = Math.max(...values.map(Math.abs));
  return values.includes(largest) ? largest : -largest;
});
const weighted = perPlace((values, examples) => dot(values, shares(examples)));

/** At least one case for each strategy. */
const cases: readonly (readonly [text: string, oracle: Oracle, exceptions?: Exceptions])[] = [
  ['mean', weighted],
  ['mean-equal', perPlace(mean)],
  ['max', perPlace((values) => Math.max(...values))],
  ['absmax', absmax],
  ['median', perPlace(middle)],
  ['trimmed-mean', trimmed(0.1)],
  ['trimmed-mean(trim=0)', perPlace(mean)],
  ['trimmed-mean(trim=0.34)', trimmed(0.34)],
  ['geometric-median', (vectors, examples) => weiszfeld(vectors, examples, 1e-6), { tolerance: 1e-3 }],
  ['geometric-median(nu=1)', (vectors, examples) => weiszfeld(vectors, examples, 1), { tolerance: 1e-6 }],
  ['krum', (vectors) => closest(vectors, 1)],
  ['krum(f=0)', (vectors) => closest(vectors, 0)],
  [
    'multi-krum',
    (vectors) => {
      const best = ranked(vectors, 1, vectors.length - 1, 'all');
      return combined(best, equal(best));
    },
  ],
  [
    'multi-krum(f=2, m=3)',
    (vectors) => {
      const best = ranked(vectors, 2, 3, 'all');
      return combined(best, equal(best));
    },
  ],
  [
    'bulyan',
    (vectors) =>
      perPlace((values) => {
        const center = middle(values);
        return mean(
          [...values]
            .sort((a, b) => Math.abs(a - center) - Math.abs(b - center) || a - b)
            .slice(0, values.length - 2),
        );
      })(ranked(vectors, 1, vectors.length - 2, 'left'), [], []),
  ],
  [
    'centred-clipping(tau=4)',
    (vectors) =>
      combined(
        vectors,
        vectors.map((vector) => Math.min(1, 4 / length(vector)) / vectors.length),
      ),
    { identical: 'clips identical updates too, where they are longer than τ' },
  ],
  ['centred-clipping(tau=1000)', (vectors) => combined(vectors, equal(vectors))],
  ['slerp', slerp(0.5), { tolerance: 1e-6 }],
  [
    'slerp(t=0.25)',
    slerp(0.25),
    { order: 'goes from the update that was given first to the second', tolerance: 1e-6 },
  ],
  ['task-arithmetic', weighted],
  [
    'task-arithmetic(lambda=1.5)',
    (vectors, examples) =>
      combined(
        vectors,
        shares(examples).map((share) => 1.5 * share),
      ),
    { identical: 'extrapolates identical updates, where λ is not 1' },
  ],
  ['ties', ties(0.2, 1), { identical: 'trims identical updates too' }],
  ['ties(density=1)', ties(1, 1)],
  ['ties(density=0.6, lambda=0.5)', ties(0.6, 0.5), { identical: 'trims and scales identical updates too' }],
  ['dare', dare(0.5), { identical: 'drops values of identical updates too' }],
  ['dare(p=0)', weighted],
  [
    'fisher-mean',
    (vectors, examples, fisher) =>
      vectors[0]!.map((_, i) => {
        const information = fisher.map((values) => values[i]!);
        return dot(
          vectors.map((vector) => vector[i]!),
          shares(sum(information) > 0 ? information : examples),
        );
      }),
  ],
  [
    'model-stock',
    byTensor((vectors) => {
      const pairs = vectors.flatMap((a, i) => vectors.slice(0, i).map((b) => cosineOf(a, b)));
      const cos = pairs.length === 0 ? 1 : Math.max(0, mean(pairs));
      const t = (vectors.length * cos) / (1 + (vectors.length - 1) * cos);
      return combined(
        vectors,
        equal(vectors).map((share) => t * share),
      );
    }),
  ],
];

for (const one of cases) strategyContract(...one);

it('the contract holds every strategy', () => {
  expect(new Set(cases.map(([text]) => text.replace(/\(.*/, '')))).toEqual(new Set(strategyNames));
});

it('the documentation has every strategy with its parameters', () => {
  const text = readFileSync(new URL('../../../docs/merging.md', import.meta.url), 'utf8');
  const [strategies = ''] = text.split(/^## A method of your own/m);
  const rows = [...strategies.matchAll(/^\| `([^`]+)`/gm)].map(([, signature = '']) =>
    signature.replaceAll(/ = [^,)]+(?: − f)?/g, ''),
  );
  expect(rows).toEqual(strategySignatures);
});

describe('the table of strategies', () => {
  it('has each strategy under its own name', () => {
    for (const name of strategyNames.filter((name) => name !== 'centred-clipping'))
      expect(strategyByName(name).name).toBe(name);
  });

  it.each([
    ['absmx', 'did you mean "absmax"?'],
    ['Mean', 'did you mean "mean"?'],
    ['coordinatewise', undefined],
    ['toString', undefined],
  ])('does not know "%s", lists what it knows, and suggests what is near', (name, hint) => {
    try {
      strategyByName(name);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(MergeError);
      const expected = `merge: the strategy is "${name}", expected one of mean, mean-equal, max, absmax, median, `;
      expect(error).toMatchObject({ message: expect.stringContaining(expected), hint });
    }
  });

  it.each([
    ['trimmed-mean( trim = 0.2 )', 'trimmed-mean(trim=0.2)'],
    ['trimmed-mean(trim=0.1)', 'trimmed-mean'],
    ['absmax(on=updates)', 'absmax(on=updates)'],
    ['multi-krum(m=3,f=2)', 'multi-krum(f=2, m=3)'],
    ['ties(on=updates, lambda=1e0)', 'ties'],
    ['median()', 'median'],
    [{ name: 'trimmed-mean', trim: 0.25, on: 'weights' }, 'trimmed-mean(trim=0.25, on=weights)'],
    [{ name: 'bulyan' }, 'bulyan'],
  ])('calls %j by its shortest name, which makes the same', (reference, name) => {
    const reading = readStrategy(reference);
    expect(reading).toMatchObject({ strategy: { name } });
    expect(strategyByName(name).name).toBe(name);
  });

  it.each([
    [
      'trimmed-mean(trim=0.5)',
      'is "trimmed-mean(trim=0.5)": "trim" is 0.5, expected a number from 0 below 0.5',
      undefined,
    ],
    [
      'trimmed-mean(trimm=0.2)',
      'is "trimmed-mean(trimm=0.2)": "trimm" is unknown, expected one of trim, on',
      'did you mean "trim"?',
    ],
    [{ name: 'krum', f: -1 }, 'is "krum(f=-1)": "f" is -1, expected a whole number from 0', undefined],
    ['centred-clipping', 'is "centred-clipping": "tau" is missing, expected a number above 0', undefined],
    ['ties(on=weights)', 'is "ties(on=weights)": "on" is "weights", expected "updates"', undefined],
    [
      'max(on=update)',
      'is "max(on=update)": "on" is "update", expected one of weights, updates',
      'did you mean "updates"?',
    ],
    ['krum(1)', 'is "krum(1)", expected parameter=value, got "1"', undefined],
    ['krum(f=1, f=2)', 'is "krum(f=1, f=2)", "f" is given twice', undefined],
    ['krum(f=1', 'is "krum(f=1", expected a name, or name(parameter=value, …)', undefined],
  ])('refuses %j and says what it takes', (reference, problem, hint) => {
    expect(readStrategy(reference)).toMatchObject({ problem, hint });
  });
});

test.each([
  ['trimmed-mean', 10],
  ['trimmed-mean(trim=0.07)', 15],
  ['trimmed-mean(trim=0.2)', 5],
  ['trimmed-mean(trim=0.49)', 3],
  ['trimmed-mean(trim=0)', undefined],
])('"%s" takes as many updates as it needs to leave one out at each end: %s', (text, least) => {
  expect(strategyByName(text).takes?.least).toBe(least);
});
