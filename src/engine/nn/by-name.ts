/** Networks, tasks, corrections, optimizers and schedules as a configuration names them. */
import type { Value } from '../graph/value.js';
import type { Correction } from './corrections/correction.js';
import { fedBabu } from './corrections/fed-babu.js';
import { fedLc } from './corrections/fed-lc.js';
import { fedNtd } from './corrections/fed-ntd.js';
import { fedProx } from './corrections/fed-prox.js';
import { fedRs } from './corrections/fed-rs.js';
import { scaffold } from './corrections/scaffold.js';
import { type Network, NetworkError } from './layers/network.js';
import { bagOfEmbeddings, type TokenFacts } from './models/bag-of-embeddings.js';
import { cnn1d } from './models/cnn1d.js';
import { lenet5 } from './models/lenet5.js';
import { linearModel } from './models/linear-model.js';
import { mlp } from './models/mlp.js';
import { paperCnn } from './models/paper-cnn.js';
import { resnet8 } from './models/resnet8.js';
import { tabularResnet } from './models/tabular-resnet.js';
import { transformer } from './models/transformer.js';
import { unet } from './models/unet.js';
import { networkOfFile } from './network-of-file.js';
import { adam, type Optimizer, sgd } from './optimizers.js';
import { constantSchedule, cosine, linearWarmUp, oneCycle, type Schedule } from './schedules.js';
import type {
  CorrectionSettings,
  LossSettings,
  ModelSettings,
  OptimizerSettings,
  ScheduleSettings,
} from './settings.js';
import { withClassWeights } from './tasks/balanced-loss.js';
import { type ClassLoss, meanSquaredError, softmaxCrossEntropy } from './tasks/class-losses.js';
import { type ClassificationTask, classification } from './tasks/classification.js';
import { huber, type NumberLoss, pinball, squaredError } from './tasks/number-losses.js';
import { type SegmentationOptions, segmentation } from './tasks/segmentation.js';
import type { Task } from './tasks/task.js';

/**
 * The network with this number of outputs: one for each class, if there are classes.
 * @param tokens those of the data, if they are texts
 * @throws NetworkError when the network reads texts, and the data are none
 */
export function networkOf(
  model: Exclude<ModelSettings, { name: 'custom' }>,
  classes: number,
  tokens?: TokenFacts,
): Network {
  switch (model.name) {
    case 'paper-cnn':
      return paperCnn({ ...model, classes });
    case 'lenet5':
      return lenet5({ classes });
    case 'mlp':
      return mlp({ ...model, classes });
    case 'resnet8':
      return resnet8({ classes });
    case 'logistic-regression':
    case 'linear-regression':
      return linearModel({ classes });
    case 'tabular-resnet':
      return tabularResnet({ ...model, classes });
    case 'cnn1d':
      return cnn1d({ classes });
    case 'unet':
      return unet({ classes });
    case 'onnx':
      return networkOfFile(model, classes).network;
    case 'bag-of-embeddings':
      return bagOfEmbeddings({ ...model, ...known(tokens, model), classes });
    case 'transformer':
      return transformer({ ...model, ...known(tokens, model), classes });
  }
}

function known(tokens: TokenFacts | undefined, { name }: ModelSettings): TokenFacts {
  if (tokens !== undefined) return tokens;
  throw new NetworkError(`network: "${name}" reads the tokens of texts, but the data have none`);
}

/**
 * @param metrics the names of the metrics, the main one first
 * @param isScored whether scores are counted although no metric needs them
 */
export function classificationOf(
  loss: LossSettings,
  classes: number,
  metrics?: readonly string[],
  isScored?: boolean,
): ClassificationTask {
  const by = (weights?: Value) =>
    classification({ ...{ classes, metrics, isScored }, loss: classLossOf(loss, weights) });
  return isBalanced(loss) ? withClassWeights(classes, by) : by();
}

/** @param target the column of masks */
export function segmentationOf(
  loss: LossSettings,
  target: SegmentationOptions['target'],
  classes: number,
  metrics?: readonly string[],
): Task {
  return segmentation({ target, classes, metrics, loss: classLossOf(loss) });
}

const isBalanced = (loss: LossSettings) => 'classWeights' in loss && loss.classWeights === 'balanced';

/** @param made the weights of classes, where they are a constant of the run */
function classLossOf(loss: LossSettings, made?: Value): ClassLoss {
  if (loss.name !== 'softmax-cross-entropy') return meanSquaredError();
  const { labelSmoothing, classWeights } = loss;
  return softmaxCrossEntropy({
    labelSmoothing,
    classWeights: classWeights === 'balanced' ? made : classWeights,
  });
}

/** The loss of a regression; the losses of classes stand for its default, the squared error. */
export function numberLossOf(loss: LossSettings): NumberLoss {
  switch (loss.name) {
    case 'huber':
      return huber(loss.delta);
    case 'quantile':
      return pinball(loss.quantile);
    default:
      return squaredError;
  }
}

export function correctionOf(correction: CorrectionSettings | undefined): Correction | undefined {
  switch (correction?.name) {
    case undefined:
      return undefined;
    case 'fed-prox':
      return fedProx(correction);
    case 'scaffold':
      return scaffold();
    case 'fed-rs':
      return fedRs(correction);
    case 'fed-lc':
      return fedLc(correction);
    case 'fed-ntd':
      return fedNtd(correction);
    case 'fed-babu':
      return fedBabu();
  }
}

export function optimizerOf(optimizer: OptimizerSettings): Optimizer {
  return optimizer.name === 'sgd'
    ? sgd(optimizer)
    : adam({ ...optimizer, decoupled: optimizer.name === 'adamw' });
}

export function scheduleOf(schedule: ScheduleSettings): Schedule {
  switch (schedule.name) {
    case 'constant':
      return constantSchedule();
    case 'linear-warm-up':
      return linearWarmUp(schedule);
    case 'cosine':
      return linearWarmUp({ warmUp: schedule.warmUp, after: cosine(schedule) });
    case 'one-cycle':
      return oneCycle(schedule);
  }
}
