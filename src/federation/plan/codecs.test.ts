import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../protocol/configuration/configuration.js';
import { half } from '../../transforms/codec/half.js';
import { plain } from '../../transforms/codec/plain.js';
import { codecsOf } from './codecs.js';

const own = { ...plain, name: 'own' };
const codecs = (update: string, model = 'plain', mine = [own]) =>
  codecsOf({ codec: { update, model } }, mine, 'test.yaml');

describe('the codecs of a federation', () => {
  it('are those of the package, and a program’s own', () => {
    expect(codecs('half')).toEqual({ update: half, model: plain });
    expect(codecs('plain', 'own')).toEqual({ update: plain, model: own });
  });

  it('are refused by the name that nobody has', () => {
    expect(() => codecs('int8', 'plain', [])).toThrow(ConfigurationError);
    expect(() => codecs('int8', 'plain', [])).toThrow(
      'test.yaml: "codec.update" is "int8", expected one of plain, half',
    );
    expect(() => codecs('plain', 'hal')).toThrow('"codec.model" is "hal", expected one of plain, half, own');
  });

  it('have names of their own', () => {
    expect(() => codecs('plain', 'plain', [{ ...own, name: 'half' }])).toThrow('a codec "half" already');
    expect(() => codecs('plain', 'plain', [own, own])).toThrow('a codec "own" already');
    expect(() => codecs('plain', 'plain', [{ ...own, name: 'My codec' }])).toThrow('"My codec"');
  });
});
