/** The codecs of this package, by name. */
import type { Codec, Codecs } from './codec.js';
import { half } from './half.js';
import { plain } from './plain.js';

export const codecs: readonly Codec[] = [plain, half];

/** Plain both ways, the default. */
export const plainBothWays: Codecs = { update: plain, model: plain };
