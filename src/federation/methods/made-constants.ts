/**
 * Which constants are left to the run by the settings, and who makes them. A survey before round 1
 * gives those that are the same for everybody (`federated-survey.ts`): of the layer that prepares
 * numbers, and the weights of classes. An owner makes statistics of its own rows
 * (`site-statistics.ts`).
 */
import { PREPROCESS } from '../../engine/nn/layers/preprocess.js';
import { CLASS_WEIGHTS } from '../../engine/nn/tasks/balanced-loss.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { hasSiteStatistics } from '../../protocol/configuration/own-parts.js';

type Preparing = Pick<Configuration, 'preprocessing' | 'initialModel'>;
type Weighing = Pick<Configuration, 'loss' | 'task'>;

/** Whether the constants that prepare numbers are made. A model to start from has them already. */
export const preparesNumbers = (configuration: Preparing): boolean =>
  hasSiteStatistics(configuration) || preparesBySurvey(configuration);

/** Whether they are made of the rows of all participants. */
export const preparesBySurvey = ({ preprocessing, initialModel }: Preparing) =>
  preprocessing?.statistics === 'global' && initialModel === undefined;

/** Whether the weights of classes follow from the rows of all participants. */
export const balancesClasses = ({ loss, task }: Weighing): boolean =>
  task.name === 'classification' && 'classWeights' in loss && loss.classWeights === 'balanced';

/** Whether round 1 begins with a survey. */
export const beginsWithSurvey = (configuration: Preparing & Weighing): boolean =>
  preparesBySurvey(configuration) || balancesClasses(configuration);

/** Whether a constant prepares numbers. */
export const isPreprocessConstant = (name: string) => name.startsWith(`${PREPROCESS}.constants.`);

/** Who makes a tensor: the survey, each owner, or nobody, since it is known before. */
export const makerOf =
  (configuration: Preparing & Weighing) =>
  (name: string): 'survey' | 'owner' | 'nobody' => {
    if (name === CLASS_WEIGHTS && balancesClasses(configuration)) return 'survey';
    if (!isPreprocessConstant(name) || !preparesNumbers(configuration)) return 'nobody';
    return hasSiteStatistics(configuration) ? 'owner' : 'survey';
  };
