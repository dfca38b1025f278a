import { it } from 'vitest';
import { expectUnharmed } from './hub-under-attack.js';

it(
  'a hub under attack by hundreds of each attack, fast and slow, is not harmed',
  { timeout: 600_000 },
  ({ signal }) => expectUnharmed({ times: 1000, slowly: true, signal }),
);
