/** The flag that chooses the device on which a participant computes. */
import { Option } from 'commander';
import { nodeDevices } from '../../engine/runtime/node/find-gpu.js';
import { oneOf } from './values.js';

export const deviceOption = () =>
  new Option(
    '--device <name>',
    'cpu, webgpu, or auto: on a GPU in hardware, if there is one that has the memory; auto by default',
  ).argParser(oneOf('--device', nodeDevices));
