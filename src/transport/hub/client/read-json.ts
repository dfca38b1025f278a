/** Reads a hub's JSON answer, up to a limited length. The same in Node and in a page. */

/**
 * @returns undefined when it is not JSON. @throws Error when the connection is lost before its end
 */
export async function readJson(pieces: AsyncIterable<Uint8Array>, mostBytes = 2 ** 20): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error('the answer is too long');
    text += decoder.decode(piece, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch {
    return undefined;
  }
}
