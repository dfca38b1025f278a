/** Loads, after the page, the modules that draw and save figures. */
export { drawChart, legendMarkup } from './charts.js';
export { saveFigure } from './save-figure.js';
