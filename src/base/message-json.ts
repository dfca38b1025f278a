/**
 * JSON that came from elsewhere. A key `__proto__` is no name of anything, and schemas of records
 * would pass over it in silence: what is read then would be something else than what was said.
 * @throws SyntaxError when it is not JSON, or has such a key
 */
export const messageJson = (text: string): unknown =>
  JSON.parse(text, (key, value: unknown) => {
    if (key === '__proto__') throw new SyntaxError('a key is "__proto__"');
    return value;
  });
