/**
 * Finds settings that work on one machine only, because they need the data or the work of all
 * participants in one place.
 */
import type { Complaint } from '../../base/complaint.js';
import { sitesOf } from '../../data/settings.js';
import type { Configuration } from './configuration.js';

type Field = 'pooled' | 'attack' | 'examples' | 'data';

const reasons: Readonly<Record<Exclude<Field, 'data'>, { readonly why: string; readonly hint: string }>> = {
  pooled: {
    why: 'needs the data of all participants in one place',
    hint: 'leave "pooled" out, or compare with it on one machine, by `commonweight run`',
  },
  attack: {
    why: 'is a simulation of attackers, which real participants do not play',
    hint: 'leave "attack" out, or try it on one machine, by `commonweight run`',
  },
  examples: {
    why: 'deals out a part of one data set, but here each participant brings its own',
    hint: 'leave "examples" out; a participant may bring fewer',
  },
};

/** The first field that cannot be used across machines, and what to do about it. */
export function distributedProblem(
  configuration: Pick<Configuration, Field | 'decision' | 'refit' | 'average'>,
): Complaint | undefined {
  for (const [field, { why, hint }] of Object.entries(reasons)) {
    const value = configuration[field as Field];
    if (value !== undefined && value !== false) {
      return { message: `"${field}" is set, which ${why}`, hint };
    }
  }
  return unmeasuredDecision(configuration) ?? ownSites(configuration);
}

/**
 * A cut-off is chosen from what participants measure of the copied model. Nobody measures an
 * average of rounds, or a model that is refitted after the last round.
 */
function unmeasuredDecision({
  decision,
  refit,
  average,
}: Pick<Configuration, 'decision' | 'refit' | 'average'>): Complaint | undefined {
  if (decision === undefined) return undefined;
  const other = refit?.rounds === 'last' ? 'refit.rounds' : average?.final ? 'average.final' : undefined;
  if (other === undefined) return undefined;
  return {
    message: `"decision" is set, but with "${other}" the final model is one that no participant measures, expected one of both`,
    hint: `leave "decision" or "${other}" out`,
  };
}

function ownSites({ data }: Pick<Configuration, 'data'>): Complaint | undefined {
  if (sitesOf(data) === undefined) return undefined;
  return {
    message:
      '"data" names sites, which are those of a simulation, but here each participant brings its own data',
    hint: 'leave the sites out; a participant names its own by `commonweight join --data`',
  };
}
