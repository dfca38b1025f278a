import { describeCorrected } from './corrected-run.contract.js';

describeCorrected([
  { name: 'fed-prox', mu: 0.5 },
  { name: 'fed-rs' },
  { name: 'fed-lc' },
  { name: 'fed-ntd' },
]);
