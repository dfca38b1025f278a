/** What is loaded after the page: what draws figures, and what saves them. */
export { drawChart, legendMarkup } from './charts.js';
export { saveFigure } from './save-figure.js';
