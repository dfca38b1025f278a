import { it } from 'vitest';
import { expectUnharmed } from './hub-under-attack.js';

it('a hub under attack refuses, keeps its memory, says little, and the federation comes to its bytes', ({
  signal,
}) => expectUnharmed({ times: 100, signal }));
