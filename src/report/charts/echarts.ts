/**
 * The parts of ECharts that our charts use. The build puts them into this one file, so that the
 * package does not depend on ECharts.
 */
export {
  BarChart,
  type BarSeriesOption,
  CustomChart,
  type CustomSeriesOption,
  LineChart,
  type LineSeriesOption,
} from 'echarts/charts';
export { GridComponent, type GridComponentOption, MarkLineComponent } from 'echarts/components';
export { type ComposeOption, init, use } from 'echarts/core';
export { SVGRenderer } from 'echarts/renderers';
