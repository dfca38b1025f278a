/**
 * Parses JSON from elsewhere. It refuses a key `__proto__`: schemas of records skip it silently, so
 * the parsed value would differ from the text.
 * @throws SyntaxError when it is not JSON, or has such a key
 */
export const messageJson = (text: string): unknown =>
  JSON.parse(text, (key, value: unknown) => {
    if (key === '__proto__') throw new SyntaxError('a key is "__proto__"');
    return value;
  });
