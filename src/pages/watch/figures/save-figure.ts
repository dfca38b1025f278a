/** Saves a figure as a file: its numbers, or its picture. The module is loaded with the charts. */
import { saveFile } from '../../common/save-file.js';
import { drawChart } from './charts.js';
import { csv } from './csv.js';
import type { FigureData } from './figure-data.js';
import { standaloneSvg } from './standalone-svg.js';

export type FileType = 'CSV' | 'SVG' | 'PNG';

/** In pixels, for any window. */
const WIDTH = 720;
/** The pixels of a PNG for each pixel of the drawing. */
const SCALE = 2;

export async function saveFigure(figure: FigureData, type: FileType): Promise<void> {
  const name = `${figure.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.${type.toLowerCase()}`;
  saveFile(name, await makers[type](figure));
}

const makers: Readonly<Record<FileType, (figure: FigureData) => Blob | Promise<Blob>>> = {
  CSV: ({ numbers, all = numbers }) => new Blob([csv(all)], { type: 'text/csv' }),
  SVG: (figure) => new Blob([svgOf(figure)], { type: 'image/svg+xml' }),
  PNG: (figure) => pngOf(svgOf(figure)),
};

function svgOf({ title, caption, chart }: FigureData): string {
  if (chart === undefined) throw new Error('internal: a figure without a chart is saved as a picture');
  const style = getComputedStyle(document.documentElement);
  return standaloneSvg({
    ...{ title, caption },
    chart: drawChart(chart, WIDTH),
    colourOf: (variable) => style.getPropertyValue(variable).trim(),
  });
}

async function pngOf(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [SCALE * image.naturalWidth, SCALE * image.naturalHeight];
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) =>
        blob === null ? reject(new Error('internal: the picture cannot be encoded')) : resolve(blob),
      );
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
