import { expect, it } from 'vitest';
import { messageJson } from './message-json.js';

it('a message is read as it is written, and none that has a key "__proto__"', () => {
  expect(messageJson('{"a":[1,{"b":null}]}')).toEqual({ a: [1, { b: null }] });
  for (const text of ['{"__proto__":1}', '{"a":{"\\u005f_proto__":{}}}', '{']) {
    expect(() => messageJson(text)).toThrow(SyntaxError);
  }
});
