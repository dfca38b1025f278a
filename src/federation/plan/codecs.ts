/**
 * The codecs by which the weights of a federation travel: those of this package, or a program's
 * own.
 */
import { nearestName } from '../../base/nearest-name.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import type { Codec, Codecs } from '../../transforms/codec/codec.js';
import { codecs } from '../../transforms/codec/codecs.js';
import { CODEC_NAME } from '../../transforms/codec/settings.js';

/**
 * @param own those that a program brings
 * @param source what errors call the configuration
 * @throws ConfigurationError when there is no codec of that name, or two
 */
export function codecsOf(
  { codec }: Pick<Configuration, 'codec'>,
  own: readonly Codec[],
  source: string,
): Codecs {
  const known = [...codecs];
  for (const one of own) {
    if (!CODEC_NAME.test(one.name)) {
      throw new ConfigurationError(
        `${source}: a codec is called "${one.name}", expected lower-case letters, digits and hyphens, at most 40`,
      );
    }
    if (known.some(({ name }) => name === one.name)) {
      throw new ConfigurationError(`${source}: there is a codec "${one.name}" already`, {
        hint: 'give yours another name',
      });
    }
    known.push(one);
  }
  const byName = (way: keyof Codecs) => {
    const found = known.find(({ name }) => name === codec[way]);
    if (found !== undefined) return found;
    const names = known.map(({ name }) => name);
    const nearest = nearestName(codec[way], names);
    throw new ConfigurationError(
      `${source}: "codec.${way}" is "${codec[way]}", expected one of ${names.join(', ')}`,
      {
        hint:
          nearest === undefined
            ? 'bring the codec that the others have, by "extensions.codecs" in a program'
            : `did you mean "${nearest}"?`,
      },
    );
  };
  return { update: byName('update'), model: byName('model') };
}
