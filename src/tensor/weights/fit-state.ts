/**
 * Brings weights of another program to the names of a network: without prefixes of wrappers where
 * that makes them fit. What does not fit is said of all tensors at once.
 */
import { TensorError } from '../../base/error.js';
import { nearestName } from '../../base/nearest-name.js';
import { formatShape, sameShape } from '../shape.js';
import { arrangeState, type StateDict, type StateLayout } from '../state-dict.js';
import { prefixesToTake } from './name-prefixes.js';

/** Of each kind of problem, names in one line. */
const MOST_NAMED = 20;
/** Finding the nearest of many names to many others takes long. */
const MOST_NEAREST = 200;

/**
 * The state in the order of this table.
 * @param source the name of the state in errors
 * @throws TensorError that names all tensors that are missing, not expected, or of another shape
 */
export function fitState(state: StateDict, layout: StateLayout, source: string): StateDict {
  const fitted = renamed(state, layout);
  const problems = problemsOf(fitted.layout, layout);
  if (problems.length === 0) return arrangeState(fitted, layout, source);
  throw new TensorError(`${source}: ${problems.join('; ')}`, {
    hint: 'take the weights of this very network, or rename the tensors in the program that made the file',
  });
}

/** The state under the names of the table, as far as prefixes of wrappers tell them apart. */
export function renamed(state: StateDict, layout: StateLayout): StateDict {
  const expected = new Set(layout.map(({ name }) => name));
  if (state.layout.every(({ name }) => expected.has(name))) return state;
  const [own = '', theirs = ''] = prefixesToTake([[...expected], state.layout.map(({ name }) => name)]);
  if (own === theirs) return state;
  const entries = state.layout.map((entry) => ({ ...entry, name: own + entry.name.slice(theirs.length) }));
  return { layout: entries, data: state.data };
}

function problemsOf(actual: StateLayout, expected: StateLayout): string[] {
  const own = new Map(actual.map((entry) => [entry.name, entry]));
  const wanted = new Map(expected.map((entry) => [entry.name, entry]));
  const missing = expected.filter(({ name }) => !own.has(name)).map(({ name }) => name);
  const extra = actual.filter(({ name }) => !wanted.has(name)).map(({ name }) => name);
  const near = missing.slice(0, MOST_NEAREST);
  const shapes = expected.flatMap(({ name, shape }) => {
    const other = own.get(name)?.shape;
    if (other === undefined || sameShape(other, shape)) return [];
    return [`"${name}" is ${formatShape(other)}, expected ${formatShape(shape)}`];
  });
  const likeOther = (name: string) => {
    const nearest = extra.length > MOST_NEAREST ? undefined : nearestName(name, extra);
    return nearest === undefined ? `"${name}"` : `"${name}" (nearest: "${nearest}")`;
  };
  return [
    ...(missing.length > 0 ? [`${some(near.map(likeOther), missing.length)} missing`] : []),
    ...(extra.length > 0
      ? [
          `${some(
            extra.map((name) => `"${name}"`),
            extra.length,
          )} not expected`,
        ]
      : []),
    ...(shapes.length > 0 ? [shown(shapes, shapes.length)] : []),
  ];
}

const some = (named: readonly string[], count: number) =>
  `${shown(named, count)} ${count === 1 ? 'is' : 'are'}`;

function shown(named: readonly string[], count: number): string {
  const more = count - Math.min(MOST_NAMED, named.length);
  return `${named.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
