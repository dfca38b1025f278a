import { expect, it } from 'vitest';
import { untrainedLayerNotice } from './corrected-rounds.js';

it('says that FedBABU never trains the last layer, where nothing else does', () => {
  const share = ['fc1.*'];
  const babu = (until?: number) => ({ name: 'fed-babu' as const, ...(until && { until }) });
  expect(untrainedLayerNotice({ correction: babu(), rounds: 5, share })).toMatch(
    /"fed-babu".*last layer stays.*"until"/,
  );
  expect(untrainedLayerNotice({ correction: babu(), rounds: 5 })).toMatch(/"refit"/);
  expect(untrainedLayerNotice({ correction: babu(5), rounds: 5, share })).toBeDefined();
  expect(untrainedLayerNotice({ correction: babu(4), rounds: 5, share })).toBeUndefined();
  expect(untrainedLayerNotice({ correction: babu(0.8), rounds: 5, share })).toBeUndefined();
  expect(
    untrainedLayerNotice({ correction: babu(), rounds: 5, refit: { rounds: 'last' } as never }),
  ).toBeUndefined();
  expect(untrainedLayerNotice({ correction: { name: 'scaffold' }, rounds: 5, share })).toBeUndefined();
});
