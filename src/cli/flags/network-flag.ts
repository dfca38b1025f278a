/** Reads a network from a flag: a name, or settings as JSON. */
import { z } from 'zod';
import { modelSchema, networkNames } from '../../engine/nn/settings.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { UsageError } from '../terminal/error.js';
import { oneOf } from './values.js';

export type NetworkChoice = Exclude<Configuration['model'], { name: 'custom' }>;

/** "paper-cnn", or settings as JSON: `{"name":"mlp","hidden":[64]}`. */
export function networkFrom(text: string): NetworkChoice {
  const settings = text.trimStart().startsWith('{')
    ? parseJson(text)
    : { name: oneOf('--network', networkNames)(text) };
  const result = modelSchema.safeParse(settings);
  if (result.success && result.data.name !== 'custom') return result.data;
  const problem = result.success ? 'it is "custom"' : z.prettifyError(result.error).split('\n')[0];
  throw new UsageError(`--network is ${text}: ${problem}`, {
    hint: `name one of ${networkNames.join(', ')}, or give settings such as {"name":"mlp","hidden":[64]}`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`--network is ${text}, expected a name, or settings as JSON`, { cause });
  }
}
