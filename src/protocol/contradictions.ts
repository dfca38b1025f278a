/** Settings of which each is right by itself and that cannot be together: what is wrong, and what to do about it. */
import type { Complaint } from './complaint.js';
import type { Configuration } from './configuration.js';

/** Each gives a complaint where it is broken. */
const RULES: readonly ((configuration: Configuration) => Complaint | undefined)[] = [
  epochsOrSteps,
  stepsFromTheFirstRound,
  noMoreThanThereAre,
];

export function contradictionOf(configuration: Configuration): Complaint | undefined {
  for (const rule of RULES) {
    const complaint = rule(configuration);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function epochsOrSteps({ local }: Configuration): Complaint | undefined {
  const { epochs, steps } = local;
  if (epochs === undefined && steps === undefined) {
    return {
      message: '"local" has neither "epochs" nor "steps", expected one of them',
      hint: 'set "local.epochs" to 1, for example',
    };
  }
  if (steps === undefined) return undefined;
  const other = (['epochs', 'threshold', 'firstThreshold'] as const).find((key) => local[key] !== undefined);
  return other === undefined
    ? undefined
    : {
        message: `"local" has "steps" and "${other}", expected one of them: work of so many steps ends after these`,
        hint: `leave "local.steps" or "local.${other}" out`,
      };
}

function stepsFromTheFirstRound({ local: { steps } }: Configuration): Complaint | undefined {
  if (!Array.isArray(steps)) return undefined;
  const wrong = steps.findIndex(({ from }, index) =>
    index === 0 ? from !== 1 : from <= (steps[index - 1]?.from ?? 0),
  );
  if (wrong < 0) return undefined;
  const expected =
    wrong === 0 ? '1: the list begins with the first round' : 'a later round than that of the line before';
  return {
    message: `"local.steps.${wrong}.from" is ${steps[wrong]?.from}, expected ${expected}`,
    hint: 'such as [{ from: 1, steps: 64 }, { from: 50, steps: 16 }]',
  };
}

function noMoreThanThereAre({ participantsPerRound, partition }: Configuration): Complaint | undefined {
  const { participants } = partition;
  if (participantsPerRound === undefined || participantsPerRound <= participants) return undefined;
  return {
    message: `"participantsPerRound" is ${participantsPerRound}, expected at most "partition.participants", which is ${participants}`,
    hint: 'leave "participantsPerRound" out, and all take part in every round',
  };
}
