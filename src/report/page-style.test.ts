import { describe, expect, it } from 'vitest';
import { DARK } from './charts/heat-map.js';
import { pageStyle } from './page-style.js';

type Colour = readonly [red: number, green: number, blue: number];

/** The variables of both schemes, light first. */
const schemes = [...pageStyle.matchAll(/:root \{(.*?)\}/gs)].map(
  ([, body]) =>
    new Map(
      [...body!.matchAll(/--([\w-]+): #(\w{6})/g)].map(([, name, hex]) => [
        name!,
        [0, 2, 4].map((at) => Number.parseInt(hex!.slice(at, at + 2), 16)) as unknown as Colour,
      ]),
    ),
);

/** @see WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: Colour, b: Colour): number {
  const luminance = (colour: Colour) => {
    const [red, green, blue] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

const mixed = (over: Colour, under: Colour, opacity: number) =>
  over.map((value, i) => opacity * value + (1 - opacity) * under[i]!) as unknown as Colour;

describe.each(['light', 'dark'])('the colours of a page, %s', (scheme) => {
  const colours = schemes[scheme === 'light' ? 0 : 1]!;
  const of = (name: string) => colours.get(name)!;

  it.each(['ink', 'quiet', 'good', 'bad'])('let %s be read on its grounds', (name) => {
    for (const ground of ['ground', 'card']) {
      expect(contrast(of(name), of(ground))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('let every series be seen', () => {
    for (let series = 1; series <= 8; series++) {
      expect(contrast(of(`series-${series}`), of('ground'))).toBeGreaterThanOrEqual(3);
    }
  });

  it.each(['heat', 'heat-below'])('let numbers be read on cells of any shade of %s', (name) => {
    for (let shade = 0; shade <= 100; shade++) {
      const cell = mixed(of(name), of('ground'), shade / 100);
      const text = of(shade / 100 >= DARK ? 'on-heat' : 'on-light');
      expect(contrast(text, cell), `at ${shade}%`).toBeGreaterThanOrEqual(4.5);
    }
  });
});
