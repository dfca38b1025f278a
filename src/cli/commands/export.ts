/** `commonweight export`: a model as ONNX, for any program. */
import type { Command } from 'commander';
import { exportInference } from '../../engine/nn/export-inference.js';
import { byteSize } from '../../report/numbers.js';
import { imageShapeOption, networkOption, normalizationOption } from '../flags/model-options.js';
import { type ModelFlags, openModel } from '../flags/open-model.js';
import { checkFolderOf, writeFlagFile } from '../terminal/whole-file.js';

export function addExport(program: Command): void {
  program
    .command('export')
    .description(
      'Write a model as ONNX with standard operators. Its input is images u8 [batch,C,H,W]; its outputs are logits and probabilities.',
    )
    .argument('<model>', 'a safetensors file')
    .requiredOption('-o, --output <file>', 'the ONNX file to write')
    .addOption(networkOption())
    .addOption(imageShapeOption())
    .addOption(normalizationOption())
    .addHelpText('after', '\nExample:\n  commonweight export runs/v/model.safetensors -o model.onnx')
    .action(async (path: string, flags: ModelFlags & { output: string }) => {
      await checkFolderOf('--output', flags.output);
      const { network, state, inputs, task } = await openModel(path, flags);
      const { layout, data } = state;
      const bytes = exportInference({ network, layout, state: data, inputs, task });
      await writeFlagFile('--output', flags.output, bytes);
      process.stdout.write(`${flags.output}: ${byteSize(bytes.length)}\n`);
    });
}
