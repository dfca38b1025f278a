/** The metrics of regression; the root mean squared error is the main one. */
import type { TaskMetrics } from './metric.js';

/** @param unit the unit of the predicted numbers */
export const regressionMetrics = (unit?: string): TaskMetrics => {
  const measured = { better: 'lower', format: 'number', ...(unit !== undefined && { unit }) } as const;
  return [
    { name: 'rmse', label: 'RMSE', ...measured },
    { name: 'mae', label: 'MAE', ...measured },
    { name: 'r2', label: 'R²', better: 'higher', format: 'number' },
    { name: 'loss', better: 'lower', format: 'number' },
  ];
};
