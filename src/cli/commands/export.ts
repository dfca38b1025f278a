/** `commonweight export`: a model as ONNX, for any program. */
import type { Command } from 'commander';
import { exportInference, type TrainedNetwork } from '../../engine/nn/export-inference.js';
import { inputNamesOfFile } from '../../engine/nn/network-of-file.js';
import { byteSize } from '../../report/numbers.js';
import { imageShapeOption, networkOption, normalizationOption } from '../flags/model-options.js';
import { isDataModel, openDataModel } from '../flags/open-data-model.js';
import { type ModelFlags, openModel, readModelFile } from '../flags/open-model.js';
import { checkFolderOf, writeFlagFile } from '../terminal/whole-file.js';

export function addExport(program: Command): void {
  program
    .command('export')
    .description(
      'Write a model as ONNX with standard operators. Its input is images u8 [batch,C,H,W], or each column of a table, or arrays; its outputs are logits and probabilities, or the prediction of numbers.',
    )
    .argument('<model>', 'a safetensors file')
    .requiredOption('-o, --output <file>', 'the ONNX file to write')
    .addOption(networkOption())
    .addOption(imageShapeOption())
    .addOption(normalizationOption())
    .addHelpText('after', '\nExample:\n  commonweight export runs/v/model.safetensors -o model.onnx')
    .action(async (path: string, flags: ModelFlags & { output: string }) => {
      await checkFolderOf('--output', flags.output);
      const bytes = exportInference(await trainedNetwork(path, flags));
      await writeFlagFile('--output', flags.output, bytes);
      process.stdout.write(`${flags.output}: ${byteSize(bytes.length)}\n`);
    });
}

/** As the file says it; the network of pictures may be named by flags. */
async function trainedNetwork(path: string, flags: ModelFlags): Promise<TrainedNetwork> {
  const file = flags.network === undefined ? await readModelFile(path) : undefined;
  if (file !== undefined && isDataModel(file)) {
    const { network, state, inputs, task, facts } = await openDataModel(path, file);
    const { layout, data } = state;
    const inputNames = inputNamesOfFile(file.description.network, facts.inputs, task);
    const { inputs: columns, targets } = facts;
    return { network, layout, state: data, inputs, inputNames, task, columns, targets };
  }
  const { network, state, inputs, task } = await openModel(path, flags, file);
  const { targets, inputs: columns, network: model } = file?.description ?? {};
  const inputNames = model && columns && inputNamesOfFile(model, columns, task);
  return { network, layout: state.layout, state: state.data, inputs, inputNames, task, targets };
}
