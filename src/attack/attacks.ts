/** Builds attacks from their settings. */
import { alie, alieZ } from './alie.js';
import type { Attack } from './attack.js';
import { labelFlip } from './label-flip.js';
import { noise } from './noise.js';
import { scaled } from './scaled.js';
import type { AttackSettings } from './settings.js';
import { signFlip } from './sign-flip.js';

/** @param participants the number of all participants, attackers included */
export function attackOf(settings: AttackSettings, participants: number): Attack {
  switch (settings.name) {
    case 'sign-flip':
      return signFlip(settings);
    case 'noise':
      return noise(settings);
    case 'label-flip':
      return labelFlip();
    case 'scaled':
      return scaled(settings);
    case 'alie':
      return alie({ z: settings.z ?? alieZ(participants, settings.attackers) });
  }
}
