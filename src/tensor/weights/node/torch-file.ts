/**
 * The tensors of a `.pt`, `.pth` or `.bin` file, a zip archive of PyTorch 1.6 or later. Node only.
 */
import { TensorError } from '../../../base/error.js';
import { dtypeBytes } from '../../dtype.js';
import { sizeOf } from '../../shape.js';
import { torchState } from '../torch-state.js';
import type { FileContent } from './file-content.js';
import { contentOf, type ZipArchive, type ZippedFile } from './zip-archive.js';

/** A pickle takes some 200 bytes for each tensor. */
const MOST_PICKLE_BYTES = 64 * 2 ** 20;
/** A view may repeat values: together the tensors may take so many times the bytes of the file. */
const MOST_REPEATED = 16;
const ALWAYS_ALLOWED_BYTES = 16 * 2 ** 20;

const PICKLE = /^([^/]+)\/data\.pkl$/;

/** The folder in the archive, if PyTorch wrote it. */
export const torchRoot = ({ files }: ZipArchive): string | undefined =>
  [...files.keys()].map((name) => PICKLE.exec(name)?.[1]).find((root) => root !== undefined);

/** @throws TensorError when it is not a state dict, or a tensor is not what it seems */
export function readTorchFile(archive: ZipArchive, root: string, fileBytes: number): FileContent {
  const { path, files } = archive;
  const entry = (name: string) => files.get(`${root}/${name}`);
  if (entry('constants.pkl') !== undefined) {
    throw new TensorError(`${path}: this is a TorchScript program, expected weights`, {
      hint: 'in Python, load it by torch.jit.load and save its weights: torch.save(model.state_dict(), FILE)',
    });
  }
  const order = entry('byteorder');
  const { tensors, notes } = torchState({
    fileName: path,
    pickle: contentOf(archive, entry('data.pkl') as ZippedFile, MOST_PICKLE_BYTES),
    isBigEndian: order !== undefined && new TextDecoder().decode(contentOf(archive, order, 16)) === 'big',
    storage(key) {
      const file = entry(`data/${key}`);
      if (file?.isDeflated) {
        throw new TensorError(`${path}: its numbers are compressed, expected them stored, as PyTorch does`, {
          hint: 'save it again by torch.save',
        });
      }
      return file;
    },
  });
  const bytes = tensors.reduce((sum, { dtype, shape }) => sum + sizeOf(shape) * dtypeBytes[dtype], 0);
  const most = MOST_REPEATED * fileBytes + ALWAYS_ALLOWED_BYTES;
  if (bytes > most) {
    throw new TensorError(
      `${path}: its tensors take ${bytes} bytes, since they repeat the values of a file of ${fileBytes}; expected at most ${most}`,
      { hint: 'save what they are made of: clone() each tensor that was expanded' },
    );
  }
  return { format: 'pytorch', tensors, metadata: { format: 'pt' }, notes };
}
