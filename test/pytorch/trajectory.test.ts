import { describeTrajectories } from './trajectory.js';

describeTrajectories((model) => ({ mlp: 100, lenet5: 25, 'paper-cnn': 4, resnet8: 4 })[model]);
