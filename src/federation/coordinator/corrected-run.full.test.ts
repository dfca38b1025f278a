import { describeCorrected } from './corrected-run.contract.js';

describeCorrected([{ name: 'fed-rs' }, { name: 'fed-lc' }, { name: 'fed-ntd' }]);
