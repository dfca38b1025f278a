/** The error for a name in the settings that nothing has, with the nearest that exists. */
import { nearestName } from '../../base/nearest-name.js';
import { ConfigurationError } from '../../protocol/configuration/configuration.js';

export function unknownName(source: string, field: string, name: string, known: readonly string[]) {
  const nearest = nearestName(name, known);
  return new ConfigurationError(
    `${source}: "${field}" is "${name}", expected one of ${known.join(', ')}`,
    nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` },
  );
}
