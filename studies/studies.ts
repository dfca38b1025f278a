/** All studies, those first that decide most in a minute. */
import { attacksH, attacksV } from './attacks.js';
import { hCorrections } from './h-corrections.js';
import { hBest, hMerges } from './h-merges.js';
import { ownHead } from './own-head.js';
import type { Study } from './queue/study.js';
import { vBest } from './v-best.js';
import { vIndependent } from './v-independent.js';
import { vMax } from './v-max.js';
import { vPaper } from './v-paper.js';

export const studies: readonly Study[] = [
  vIndependent,
  vMax,
  ownHead,
  attacksV,
  attacksH,
  hCorrections,
  hMerges,
  hBest,
  vBest,
  vPaper,
];
