import { ortNode } from './ort-node.js';
import { describeRuntime } from './runtime.contract.js';

describeRuntime(ortNode());
