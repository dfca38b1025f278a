/** Finds settings that are valid alone but contradict each other, and says what to do about it. */

import type { Complaint } from '../../base/complaint.js';
import { participantNamesProblem } from '../../base/names.js';
import { dataProblem } from '../../data/data-problem.js';
import { type PictureFactsSettings, pictureFactsProblem } from '../../data/images/settings.js';
import { namedTwice } from '../../data/named-twice.js';
import type { DataSettings } from '../../data/settings.js';
import type { TaskSettings } from '../../engine/nn/settings.js';
import { chosenMetricsProblem } from '../../metrics/known-metrics.js';
import { type TargetSetting, targetProblem } from '../../metrics/target.js';
import { metricsOf } from './task-metrics.js';

/** The part of a configuration that the rules read. */
interface Settings extends PictureFactsSettings {
  readonly data?: DataSettings | undefined;
  readonly examples?: number | undefined;
  readonly local: {
    readonly epochs?: number | undefined;
    readonly steps?: number | readonly { readonly from: number; readonly steps: number }[] | undefined;
    readonly threshold?: TargetSetting | undefined;
    readonly firstThreshold?: TargetSetting | undefined;
  };
  readonly partition: { readonly name: string; readonly participants: number };
  readonly participantsPerRound?: number | undefined;
  readonly participants?: readonly string[] | undefined;
  readonly reference?: TargetSetting | undefined;
  readonly quorum?: number | undefined;
  readonly deadlineSeconds?: number | undefined;
  readonly optimizer: {
    readonly name: string;
    readonly momentum?: number;
    readonly groups?: readonly { readonly learningRateFactor?: number | undefined }[] | undefined;
  };
  readonly task: TaskSettings;
  readonly metrics?: readonly string[] | undefined;
  readonly decision?: unknown;
  readonly loss: { readonly name: string; readonly classWeights?: unknown };
  readonly refit?: object | undefined;
  readonly share?: readonly string[] | undefined;
  readonly constants?: Readonly<Record<string, unknown>> | undefined;
  readonly preprocessing?: { readonly statistics: 'global' | 'site' } | undefined;
  readonly finalRound?: 'last' | 'best' | undefined;
  readonly average?: { readonly final?: boolean } | undefined;
  readonly align?: boolean | undefined;
  readonly correction?: { readonly name: string } | undefined;
  readonly attack?: { readonly name: string; readonly attackers: number } | undefined;
}

/** The rules; each returns a complaint if it is broken. */
const RULES: readonly ((configuration: Settings) => Complaint | undefined)[] = [
  epochsOrSteps,
  stepsFromTheFirstRound,
  whatNeedsClasses,
  metricsOfTheTask,
  decisionOfTheTask,
  targetsOfTheTask,
  noMoreThanThereAre,
  dataProblem,
  ({ data }) => data && namedTwice(data),
  pictureFactsProblem,
  asManyNames,
  quorumThatCanBe,
  deadlineWithQuorum,
  meanGradients,
  softmaxLoss,
  lossOfTheTask,
  constantsOrSurvey,
  ownTensors,
  ownStatistics,
  finalModel,
  somebodyHonest,
  attackersThatTrain,
];

export function contradictionOf(configuration: Settings): Complaint | undefined {
  for (const rule of RULES) {
    const complaint = rule(configuration);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function epochsOrSteps({ local }: Settings): Complaint | undefined {
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

/** Corrections of a loss over classes, attacks on labels and a refit need a classification. */
function whatNeedsClasses({ task, correction, attack, refit }: Settings): Complaint | undefined {
  if (task.name === 'classification') return undefined;
  const overClasses = ['fed-rs', 'fed-lc', 'fed-ntd'];
  const settings = {
    refit: refit && 'a refit of the last layer to classes',
    attack: attack?.name === 'label-flip' ? 'an attack on labels' : undefined,
    correction: overClasses.includes(correction?.name ?? '') ? 'a loss over classes' : undefined,
  };
  const [field, what] = Object.entries(settings).find(([, what]) => what !== undefined) ?? [];
  if (field === undefined) return undefined;
  return {
    message: `"${field}" asks for ${what}, but "task" is "${task.name}", expected classification`,
    hint: `leave "${field}" out`,
  };
}

function metricsOfTheTask({ task, metrics }: Settings): Complaint | undefined {
  return metrics && chosenMetricsProblem(task.name, metrics);
}

/** A decision is about the probability of a class, by one model for everybody. */
function decisionOfTheTask({ decision, task, share }: Settings): Complaint | undefined {
  if (decision === undefined) return undefined;
  const hint = 'leave "decision" out';
  if (task.name !== 'classification') {
    return { message: `"decision" is set, but "task" is "${task.name}", expected classification`, hint };
  }
  if (share === undefined) return undefined;
  return {
    message:
      '"decision" is set, but with "share" no two participants have the same model, expected one of both',
    hint: 'leave "decision" or "share" out',
  };
}

function targetsOfTheTask({ local, reference, ...settings }: Settings): Complaint | undefined {
  const metrics = metricsOf(settings);
  const targets = {
    'local.threshold': local.threshold,
    'local.firstThreshold': local.firstThreshold,
    reference,
  };
  for (const [field, target] of Object.entries(targets)) {
    const problem = target === undefined ? undefined : targetProblem(field, target, metrics);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function stepsFromTheFirstRound({ local: { steps } }: Settings): Complaint | undefined {
  if (steps === undefined || typeof steps === 'number') return undefined;
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

function noMoreThanThereAre({ participantsPerRound, partition }: Settings): Complaint | undefined {
  const { participants } = partition;
  if (participantsPerRound === undefined || participantsPerRound <= participants) return undefined;
  return {
    message: `"participantsPerRound" is ${participantsPerRound}, expected at most "partition.participants", which is ${participants}`,
    hint: 'leave "participantsPerRound" out, so that all take part in every round',
  };
}

function asManyNames({ participants, partition }: Settings): Complaint | undefined {
  if (participants === undefined) return undefined;
  const meeting = participantNamesProblem(participants);
  if (meeting !== undefined) return { message: `"participants" ${meeting}`, hint: 'rename one of them' };
  if (participants.length === partition.participants) return undefined;
  return {
    message: `"participants" has ${participants.length} names, expected as many as "partition.participants", which is ${partition.participants}`,
    hint: `set "partition.participants" to ${participants.length}`,
  };
}

function quorumThatCanBe({ quorum, participantsPerRound, partition }: Settings): Complaint | undefined {
  const most = participantsPerRound ?? partition.participants;
  if (quorum === undefined || quorum <= most) return undefined;
  return {
    message: `"quorum" is ${quorum}, expected at most the ${most} participants of a round`,
    hint: 'leave "quorum" out to wait for all participants',
  };
}

function deadlineWithQuorum({ quorum, deadlineSeconds }: Settings): Complaint | undefined {
  if (deadlineSeconds === undefined || quorum !== undefined) return undefined;
  return {
    message: '"deadlineSeconds" is set, but without "quorum" a round waits for every participant',
    hint: 'set "quorum" to how many updates are enough',
  };
}

/** SCAFFOLD computes the mean gradient from the change of the state: (w_t − w_k) / Σ η. */
function meanGradients({ correction, optimizer }: Settings): Complaint | undefined {
  if (correction?.name !== 'scaffold') return undefined;
  if (optimizer.name === 'sgd' && optimizer.momentum === 0) {
    const own = optimizer.groups?.findIndex((group) => group.learningRateFactor !== undefined) ?? -1;
    return own < 0
      ? undefined
      : {
          message: `"correction" is "scaffold", but "optimizer.groups.${own}.learningRateFactor" is set, expected one learning rate for all weights, since its control variates are computed from the sum of the rates`,
          hint: 'leave the factor out, or take another correction',
        };
  }
  const it = optimizer.name === 'sgd' ? 'has momentum' : `is "${optimizer.name}"`;
  return {
    message: `"correction" is "scaffold", but "optimizer" ${it}, expected plain gradient steps, since its control variates are computed from their sum`,
    hint: 'set "optimizer" to { name: sgd, learningRate: … } without momentum',
  };
}

function softmaxLoss({ correction, loss }: Settings): Complaint | undefined {
  const names: readonly string[] = ['fed-rs', 'fed-lc', 'fed-ntd'];
  if (correction === undefined || !names.includes(correction.name)) return undefined;
  if (loss.name === 'softmax-cross-entropy') return undefined;
  return {
    message: `"correction" is "${correction.name}", but "loss" is "${loss.name}", expected softmax-cross-entropy`,
    hint: 'fed-prox, scaffold and fed-babu go with every loss',
  };
}

/** Huber and quantile losses are of numbers. A task of the caller's own has its own loss. */
function lossOfTheTask({ task, loss }: Settings): Complaint | undefined {
  const ofNumbers = loss.name === 'huber' || loss.name === 'quantile';
  if (!ofNumbers || task.name === 'regression') return undefined;
  return {
    message: `"loss" is "${loss.name}", a loss of numbers, but "task" is "${task.name}", expected regression`,
    hint: 'leave "loss" out, or set "task" to { name: regression }',
  };
}

/** Constants that prepare numbers, or weigh classes, are given or made from a survey. */
function constantsOrSurvey({ constants = {}, preprocessing, loss }: Settings): Complaint | undefined {
  const names = Object.keys(constants);
  const ofLoss = names.find((name) => name.startsWith('loss.constants.'));
  if (ofLoss !== undefined && loss.classWeights === 'balanced') {
    return {
      message: `"loss.classWeights" asks for weights made from a survey, but "constants" gives "${ofLoss}", expected one of both`,
      hint: 'give the numbers as "loss.classWeights", or take them out of "constants"',
    };
  }
  const given = names.find((name) => name.startsWith('preprocess.constants.'));
  if (given === undefined || preprocessing === undefined) return undefined;
  return {
    message: `"preprocessing" asks for constants made from a survey, but "constants" gives "${given}", expected one of both`,
    hint: 'leave "preprocessing" out to use the values that are given, or take these out of "constants"',
  };
}

/** Own tensors exclude steps that read or reorder whole models. */
function ownTensors({ share, align, refit }: Settings): Complaint | undefined {
  if (share === undefined) return undefined;
  if (align) {
    return {
      message:
        '"align" is true, but with "share" the other tensors stay in each participant’s own order of units, expected one of both',
      hint: 'leave "align" or "share" out',
    };
  }
  if (refit === undefined) return undefined;
  return {
    message:
      '"refit" is set, which solves for one last layer of everybody, but with "share" no two participants have the same network, expected one of both',
    hint: 'leave "refit" or "share" out',
  };
}

/** Statistics of each site exclude steps that need one whole model of everybody. */
function ownStatistics({ preprocessing, refit, decision }: Settings): Complaint | undefined {
  if (preprocessing?.statistics !== 'site') return undefined;
  const [field] = Object.entries({ refit, decision }).find(([, value]) => value !== undefined) ?? [];
  if (field === undefined) return undefined;
  return {
    message: `"${field}" is set, which needs one model of everybody, but "preprocessing.statistics" is "site", so that each participant has its own, expected one of both`,
    hint: `leave "${field}" out, or set "preprocessing.statistics" to "global"`,
  };
}

/** A best round's model cannot be another model at the same time. */
function finalModel({ finalRound, average, refit, share }: Settings): Complaint | undefined {
  if (finalRound !== 'best') return undefined;
  const other = {
    'average.final': average?.final === true ? 'an average of rounds is the final model' : undefined,
    refit: refit && 'the last layer is refitted in the last round',
    share: share && 'participants keep the tensors of the last round',
  };
  const [field, what] = Object.entries(other).find(([, what]) => what !== undefined) ?? [];
  if (field === undefined) return undefined;
  return {
    message: `"finalRound" is "best", but with "${field}" ${what}, expected one of both`,
    hint: `leave "finalRound" or "${field}" out`,
  };
}

/**
 * Attackers that compute their updates from the honest ones need an honest participant in every
 * round.
 */
function somebodyHonest({ attack, partition, participantsPerRound }: Settings): Complaint | undefined {
  if (attack === undefined) return undefined;
  const { attackers, name } = attack;
  if (attackers >= partition.participants) {
    return {
      message: `"attack.attackers" is ${attackers}, expected fewer than the ${partition.participants} participants`,
      hint: 'take more participants, or fewer attackers',
    };
  }
  if (name !== 'alie' || participantsPerRound === undefined || participantsPerRound > attackers)
    return undefined;
  return {
    message: `"participantsPerRound" is ${participantsPerRound}, expected more than the ${attackers} attackers: alie is made of honest updates, of which a round might have none`,
    hint: 'draw more participants, or take fewer attackers',
  };
}

function attackersThatTrain({ attack, correction }: Settings): Complaint | undefined {
  if (attack?.name !== 'alie' || correction?.name !== 'scaffold') return undefined;
  return {
    message:
      '"attack" is "alie", whose attackers train nothing, but "correction" is "scaffold", expected control variates of everybody',
    hint: 'take another attack, or another correction',
  };
}
