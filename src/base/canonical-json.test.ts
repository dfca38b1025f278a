import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';

it('writes the example of RFC 8785 as the RFC does', () => {
  const value = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  );
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

it('orders names by their UTF-16 code units, in objects within objects too', () => {
  const value = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\ud83d\ude00': 5,
    '\u0080': 6,
    ö: { b: 1, a: 2 },
  };
  const names = Object.keys(JSON.parse(canonicalJson(value).replace('"1"', '"one"')));
  expect(names).toEqual(['\r', 'one', '\u0080', 'ö', '\u20ac', '\ud83d\ude00', '\ufb33']);
  expect(canonicalJson(value)).toContain('{"a":2,"b":1}');
});

it('leaves out what is undefined', () => {
  expect(canonicalJson({ a: undefined, b: [{ c: undefined }] })).toBe('{"b":[{}]}');
});
