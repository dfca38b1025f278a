import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { pageStyle } from '../../report/page-style.js';

const style = readFileSync(resolve(import.meta.dirname, 'style.css'), 'utf8');
const colours = (css: string) =>
  [...css.matchAll(/:root \{(.*?)\}/gs)].map(([, body]) => body!.match(/--[\w-]+: #\w{6}/g));

it('has the colours of the report, light and dark', () => {
  expect(colours(style)).toHaveLength(2);
  expect(colours(style)).toEqual(colours(pageStyle));
});
