/**
 * A canvas to draw on with mouse, pen or finger: light on black, like pictures of digits and
 * clothes.
 */
import { useEffect, useRef } from 'preact/hooks';

export interface DrawingProps {
  /** [C,H,W] of the network's input; the drawing has the same proportions. */
  readonly shape: readonly [number, number, number];
  /** Called after every line. */
  onDrawn(picture: Blob): void;
}

const WIDTH = 280;
const PEN = 20;

export function DrawingPad({ shape: [, height, width], onDrawn }: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<{ readonly x: number; readonly y: number }>(undefined);
  const clear = () => {
    const ground = canvas.current;
    const context = ground?.getContext('2d');
    if (!ground || !context) return;
    context.fillStyle = '#000';
    context.fillRect(0, 0, ground.width, ground.height);
  };
  useEffect(clear, []);

  const placeOf = (event: PointerEvent, ground: HTMLCanvasElement) => {
    const box = ground.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * ground.width) / box.width,
      y: ((event.clientY - box.top) * ground.height) / box.height,
    };
  };
  const begin = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = placeOf(event, event.currentTarget);
    draw(event);
  };
  const draw = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    const context = event.currentTarget.getContext('2d');
    if (last.current === undefined || context === null) return;
    const to = placeOf(event, event.currentTarget);
    context.strokeStyle = '#fff';
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(last.current.x, last.current.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    last.current = to;
  };
  const end = () => {
    if (last.current === undefined) return;
    last.current = undefined;
    canvas.current?.toBlob((picture) => picture !== null && onDrawn(picture));
  };
  return (
    <div class="drawing">
      <canvas
        ref={canvas}
        width={WIDTH}
        height={Math.round((WIDTH * height) / width)}
        role="img"
        aria-label="A ground to draw on with a mouse, a pen or a finger; without one, take a picture or one of your own examples below"
        onPointerDown={begin}
        onPointerMove={draw}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <button type="button" onClick={clear}>
        Clear
      </button>
    </div>
  );
}
