import { describeCorrected } from './corrected-run.contract.js';

describeCorrected([{ name: 'scaffold' }, { name: 'fed-babu' }]);
