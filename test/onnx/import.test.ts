/**
 * Files of other programs are trained as there: `record.py` recorded what ONNX Runtime and
 * scikit-learn compute with each file, and the losses of ten steps of PyTorch.
 */
import { describe, expect, it } from 'vitest';
import { importNetwork } from '../../src/engine/nn/imported/import-network.js';
import { recordedFile, recordings } from './files.js';
import { expectClose, lossesOf, scoresOf } from './trained.js';

describe.each(Object.entries(recordings))('%s', (name, recording) => {
  const read = (norm: 'batch' | 'frozen') => importNetwork(recordedFile(name), { norm, dropout: false });

  it('gives what ONNX Runtime gives for the file', async () => {
    const { scores, probabilities } = await scoresOf(read('batch'), recording);
    if (recording.outputs !== undefined) expectClose(scores, recording.outputs, 1e-5);
    else expectClose(probabilities, recording.probabilities!, 1e-5);
  });

  it.each(Object.entries(recording.losses))('follows PyTorch with batch norm %s', async (norm, losses) => {
    const ours = await lossesOf(read(norm as 'batch' | 'frozen'), recording);
    for (const [step, loss] of losses.entries())
      expect(Math.abs(ours[step]! - loss), `step ${step}`).toBeLessThan(1e-4);
  });
});
