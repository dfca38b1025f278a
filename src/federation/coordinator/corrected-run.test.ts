import { describeCorrected } from './corrected-run.contract.js';

describeCorrected([{ name: 'fed-prox', mu: 0.5 }, { name: 'scaffold' }, { name: 'fed-babu' }]);
