/** Builds each server optimizer from the name in settings. */
import type { AdaptiveSettings } from './adaptive.js';
import { diLoCo } from './di-lo-co.js';
import { fedAdagrad } from './fed-adagrad.js';
import { fedAdam } from './fed-adam.js';
import { fedAvgM } from './fed-avg-m.js';
import { fedYogi } from './fed-yogi.js';
import type { ServerOptimizer } from './server-optimizer.js';

/** The settings of all of them; each reads its own. */
export interface ServerSettings extends AdaptiveSettings {
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

export const serverOptimizers = {
  'fed-avg-m': fedAvgM,
  'fed-adam': fedAdam,
  'fed-yogi': fedYogi,
  'fed-adagrad': fedAdagrad,
  diloco: diLoCo,
} satisfies Record<string, (settings: ServerSettings) => ServerOptimizer>;

export type ServerOptimizerName = keyof typeof serverOptimizers;

export function serverOptimizerOf({
  name,
  ...settings
}: { readonly name: ServerOptimizerName } & ServerSettings): ServerOptimizer {
  return serverOptimizers[name](settings);
}
