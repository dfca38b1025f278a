import { it } from 'vitest';
import { expectUnharmed } from './hub-under-attack.js';

it(
  'a hub under attack refuses, keeps its memory, says little, and the federation comes to its bytes',
  {
    timeout: 180_000,
  },
  ({ signal }) => expectUnharmed({ times: 100, signal }),
);
