/**
 * The phases of a refit of the last layer (`methods/refit.ts`). Every participant sums features,
 * and the coordinator solves for the layer. Every participant measures the loss with the layer at
 * several scales, then with mixes of it and the trained layer. At last the coordinator makes the
 * model.
 */
import { alphaMixes, leastLoss, type Mix, scaleMixes } from '../../merge/refit/solution.js';
import {
  type AssignmentFacts,
  type CoordinatorPhase,
  contributedTo,
  isLastRound,
  type ParticipantsPhase,
  type Phase,
  type RoundRecord,
  type RunState,
} from './round.js';

const isPartOf = (state: RunState, record: RoundRecord) =>
  state.rules.refit === 'every' || isLastRound(state, record);
const refitting = { activity: 'refitting', isPartOf };

/** All contributions to a phase, computed with the model whose last layer is refitted. */
const contributed = (name: string) => ({ ...contributedTo(name), ...refitting, model: refittedFrom });

/**
 * The SHA-256 of the model whose last layer is refitted: the merged model, or the average if that
 * is the final model.
 */
function refittedFrom({ rules }: Pick<RunState, 'rules'>, { merged }: RoundRecord): string | undefined {
  return (rules.refitsAverage && merged?.average) || merged?.sha256;
}

async function modelOf(state: RunState, record: RoundRecord, { blobOf }: AssignmentFacts) {
  const sha256 = refittedFrom(state, record);
  if (sha256 === undefined) throw new Error(`internal: round ${record.round} has no merged model yet`);
  return blobOf(sha256);
}

const features: ParticipantsPhase = {
  ...contributed('features'),
  lacks: ({ file, sums }) => (file === undefined || sums !== undefined ? 'a file' : undefined),
  ask: async (state, record, facts) => ({
    type: 'sum-features',
    model: await modelOf(state, record, facts),
  }),
};

const solve: CoordinatorPhase = {
  ...{ by: 'coordinator', name: 'solve', ...refitting },
  isDone: ({ computed }) => computed.solve !== undefined,
};

/**
 * The phase in which every participant measures its loss with some mixes. The phases before it
 * decide which mixes.
 */
const losses = (
  name: 'scales' | 'alphas',
  mixesOf: (record: RoundRecord) => readonly Mix[],
): ParticipantsPhase => ({
  ...contributed(name),
  lacks: ({ file, sums }, record) => {
    const { length } = mixesOf(record);
    return file !== undefined || sums?.length !== length ? `${length} losses` : undefined;
  },
  async ask(state, record, facts) {
    const { solve } = record.computed;
    if (solve === undefined) throw new Error(`internal: round ${record.round} has no solution yet`);
    const [model, solution] = [await modelOf(state, record, facts), await facts.blobOf(solve)];
    return { type: 'compare-layers', phase: name, model, solution, mixes: [...mixesOf(record)] };
  },
});

function bestOf(name: 'scales' | 'alphas', mixes: readonly Mix[], { closed, contributed }: RoundRecord): Mix {
  const counted = closed[name]?.counted ?? [];
  return leastLoss(
    mixes,
    counted.map((participant) => contributed[name]?.get(participant)?.sums ?? []),
  );
}

/** The mixes with the best scale, once it is known. */
export const alphasOf = (record: RoundRecord) => alphaMixes(bestOf('scales', scaleMixes, record).scale);

/** How the solution is mixed into the layer, once every participant has measured the mixes. */
export const chosenMix = (record: RoundRecord): Mix => bestOf('alphas', alphasOf(record), record);

/**
 * The coordinator has nothing to do between scales and alphas: the scale follows from the facts.
 */
export const refitPhases: readonly Phase[] = [
  features,
  solve,
  losses('scales', () => scaleMixes),
  losses('alphas', alphasOf),
  {
    ...{ by: 'coordinator', name: 'refit', ...refitting },
    isDone: ({ refitted }) => refitted !== undefined,
  },
];
