import { describeTrajectories } from './trajectory.js';

describeTrajectories(10);
