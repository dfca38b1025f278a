import { describeTrajectories } from './trajectory.js';

describeTrajectories(() => Number.POSITIVE_INFINITY);
