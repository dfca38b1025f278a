/**
 * Recognizes, by its first bytes, a file that was given in place of a safetensors file, and says
 * what to do with it. It is used only for files that cannot be safetensors: the first byte of such
 * a file, the lowest of a length, may be anything.
 */

export interface ForeignFormat {
  /** With its article: "a GGUF file". */
  readonly name: string;
  /** The next step to take, without a full stop. */
  readonly hint: string;
}

/** How much of a file `foreignFormat` looks at. */
export const FOREIGN_PREFIX_BYTES = 512;

const take = 'take the model’s safetensors file instead';

interface Rule extends ForeignFormat {
  readonly begins: readonly number[];
  /** A text that must be in the first bytes, too. */
  readonly has?: RegExp;
  /** Allowed values of the third byte. */
  readonly third?: readonly number[];
}

const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
const ZIP = [0x50, 0x4b, 3, 4];

/** The first rule that fits is used. */
const rules: readonly Rule[] = [
  {
    begins: ascii('GGUF'),
    name: 'a GGUF file',
    hint: 'its weights are mostly quantized: merge the safetensors files that it was made from, then convert the result to GGUF',
  },
  {
    begins: ZIP,
    has: /data\.pkl|\/byteorder/,
    name: 'a PyTorch file',
    hint: 'convert it: commonweight merge FILE -o model.safetensors',
  },
  // The magic number of a file before its pickles.
  {
    begins: [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9],
    name: 'a PyTorch file of the format before version 1.6',
    hint: 'save it anew in Python: torch.save(torch.load(FILE, weights_only=True), NEW_FILE)',
  },
  {
    begins: ZIP,
    has: /\.npy/,
    name: 'a NumPy archive (.npz)',
    hint: 'convert it: commonweight merge FILE -o model.safetensors',
  },
  { begins: ZIP, name: 'a zip archive', hint: `unpack it, or ${take}` },
  ...[2, 3, 4, 5].map((protocol) => ({
    begins: [0x80, protocol],
    name: 'a Python pickle',
    hint: `do not load it if you do not trust its source, since it can run code; ${take}`,
  })),
  {
    begins: [0x93, ...ascii('NUMPY')],
    name: 'a NumPy array (.npy)',
    hint: 'it holds one array without a name: in Python, numpy.savez("model.npz", **{NAME: numpy.load(FILE)})',
  },
  {
    begins: [0x89, ...ascii('HDF\r\n\x1a\n')],
    name: 'an HDF5 file, as Keras writes them',
    hint: 'read it with h5py, and write its arrays by numpy.savez',
  },
  { begins: [0x1f, 0x8b], name: 'compressed by gzip', hint: 'unpack it with gunzip' },
  { begins: [0x28, 0xb5, 0x2f, 0xfd], name: 'compressed by zstd', hint: 'unpack it with unzstd' },
  { begins: [0xfd, ...ascii('7zXZ')], name: 'compressed by xz', hint: 'unpack it with unxz' },
  {
    begins: ascii('version https://git-lfs'),
    name: 'a pointer of Git LFS, not the file itself',
    hint: 'fetch the file with git lfs pull',
  },
  {
    begins: ascii('<'),
    has: /^<(?:!doctype|html|\?xml)/i,
    name: 'a web page',
    hint: 'download the file itself: the address was that of a web page about it, or of a login',
  },
  {
    begins: ascii('{'),
    has: /^\{\s*"/,
    name: 'a JSON text',
    hint: 'of a model in several files, name the index (model.safetensors.index.json) or the folder',
  },
  // First the version of the format, then the program that wrote it, or a part of it.
  {
    begins: [0x08],
    third: [0x12, 0x1a, 0x22, 0x2a, 0x32, 0x3a, 0x42],
    name: 'an ONNX model',
    hint: 'take the weights that it was exported from; a run keeps both: take model.safetensors',
  },
  { begins: [0xff, 0xfe], name: 'a text in UTF-16', hint: take },
  { begins: [0xfe, 0xff], name: 'a text in UTF-16', hint: take },
  {
    begins: [],
    has: /^.{257}ustar/s,
    name: 'a tar archive',
    hint: 'unpack it with tar -xf',
  },
  { begins: [], has: /^....TFL3/s, name: 'a TensorFlow Lite model', hint: take },
  {
    begins: [],
    has: /^[\t\r\n\x20-\x7e]+$/,
    name: 'a text',
    hint: 'look into it: it may be the message of a failed download',
  },
];

/** @param bytes the beginning of the file, up to `FOREIGN_PREFIX_BYTES` */
export function foreignFormat(bytes: Uint8Array): ForeignFormat | undefined {
  const head = bytes.subarray(0, FOREIGN_PREFIX_BYTES);
  // One letter for each byte.
  const text = String.fromCharCode(...head);
  return rules.find(({ begins, has, third }) => {
    const fits = begins.every((byte, i) => head[i] === byte);
    return fits && (has?.test(text) ?? true) && (third?.includes(head[2] as number) ?? true);
  });
}
