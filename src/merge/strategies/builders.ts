/**
 * Builds the strategy of each name from checked parameters (`strategies.ts`). It imports no schema,
 * so that a second thread of a merge starts sooner.
 */
import { absmax } from './absmax.js';
import { bulyan } from './bulyan.js';
import { centredClipping } from './centred-clipping.js';
import { dare } from './dare.js';
import { fisherMean } from './fisher-mean.js';
import { geometricMedian } from './geometric-median.js';
import { krum } from './krum.js';
import { max } from './max.js';
import { mean } from './mean.js';
import { median } from './median.js';
import { modelStock } from './model-stock.js';
import { multiKrum } from './multi-krum.js';
import { slerp } from './slerp.js';
import { taskArithmetic } from './task-arithmetic.js';
import { ties } from './ties.js';
import { trimmedMean } from './trimmed-mean.js';

export const builders = {
  mean: () => mean(),
  'mean-equal': () => mean({ by: 'equal' }),
  max,
  absmax,
  median,
  'trimmed-mean': trimmedMean,
  'geometric-median': geometricMedian,
  krum,
  'multi-krum': multiKrum,
  bulyan,
  'centred-clipping': centredClipping,
  slerp,
  'task-arithmetic': taskArithmetic,
  ties,
  dare,
  'fisher-mean': fisherMean,
  'model-stock': modelStock,
};

export type StrategyName = keyof typeof builders;
