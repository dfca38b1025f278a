/** What our charts take of ECharts. The build puts it all into this one file, so that the package needs no ECharts. */
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
