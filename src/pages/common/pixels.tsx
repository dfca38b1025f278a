/** Draws a small image, the input of a network, on a canvas that CSS enlarges. */
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface PixelsProps {
  /** [C,H,W], bytes; one channel is grey, three are red, green, blue. */
  readonly pixels: Uint8Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  /** The text for a screen reader. */
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
