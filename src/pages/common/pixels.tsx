/** Draws an image of few pixels, as networks see it, on a canvas that CSS makes larger. */
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface PixelsProps {
  /** [C,H,W], bytes; one channel is grey, three are red, green, blue. */
  readonly pixels: Uint8Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  /** For those who do not see it. */
  readonly label: string;
}

export function PixelCanvas({ pixels, shape, label }: PixelsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [, height, width] = shape;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    context?.putImageData(new ImageData(rgba(pixels, shape), width, height), 0, 0);
  }, [pixels, shape, height, width]);
  return <canvas ref={canvas} class="pixels" width={width} height={height} role="img" aria-label={label} />;
}

function rgba(pixels: Uint8Array, [channels, height, width]: PixelsProps['shape']) {
  const area = height * width;
  const colours = new Uint8ClampedArray(4 * area);
  for (let at = 0; at < area; at++) {
    for (let colour = 0; colour < 3; colour++) {
      const channel = channels === 3 ? colour : 0;
      colours[4 * at + colour] = pixels[channel * area + at] ?? 0;
    }
    colours[4 * at + 3] = 255;
  }
  return colours;
}
