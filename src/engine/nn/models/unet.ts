/**
 * A small U-Net (Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597): a score of each class
 * for each pixel of a picture. Two levels down and two up, with 16, 32 and 64 maps. Unlike the
 * original it has same padding, so that every pixel gets scores; group norm, so that the state has
 * no running statistics; and it enlarges by repeating pixels.
 */
import { concat, maxPool2d, relu, reshape, slice } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { conv2d, groupNorm } from '../layers/layers.js';
import { type Network, NetworkError, type Scope } from '../layers/network.js';

const GROUPS = 8;

/** [N,C,H,W], of at least 4×4 pixels → [N,classes,H,W] */
export const unet =
  ({ classes = 2 } = {}): Network =>
  (scope, images) => {
    requireSides(images);
    const top = twoConvolutions(scope.in('down1'), images, 16);
    const middle = twoConvolutions(scope.in('down2'), maxPool2d(top, { kernel: 2 }), 32);
    let x = twoConvolutions(scope.in('bottom'), maxPool2d(middle, { kernel: 2 }), 64);
    x = twoConvolutions(scope.in('up2'), concat([enlarged(x, middle), middle], 1), 32);
    x = twoConvolutions(scope.in('up1'), concat([enlarged(x, top), top], 1), 16);
    return conv2d(scope.in('out'), x, { filters: classes, kernel: 1 });
  };

function twoConvolutions(scope: Scope, x: Value, filters: number): Value {
  let y = x;
  for (const place of [1, 2]) {
    const layer = { filters, kernel: 3, padding: 1, bias: false };
    y = conv2d(scope.in(`conv${place}`), y, layer);
    y = relu(groupNorm(scope.in(`norm${place}`), y, GROUPS));
  }
  return y;
}

/** Each pixel twice in each direction; the last ones once more where `like` is odd. */
function enlarged(x: Value, like: Value): Value {
  return doubled(doubled(x, 2, like.shape[2] ?? 1), 3, like.shape[3] ?? 1);
}

function doubled(x: Value, axis: 2 | 3, extent: number): Value {
  const { shape } = x;
  const single = reshape(x, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const length = 2 * (shape[axis] ?? 1);
  const twice = reshape(
    concat([single, single], axis + 1),
    shape.map((own, at) => (at === axis ? length : own)),
  );
  if (length === extent) return twice;
  const starts = shape.map((_, at) => (at === axis ? length - 1 : 0));
  return concat([twice, slice(twice, starts, twice.shape)], axis);
}

function requireSides({ shape: [, , height = 0, width = 0] }: Value): void {
  if (height >= 4 && width >= 4) return;
  throw new NetworkError(`network: unet reads pictures of at least 4x4, got ${height}x${width}`);
}
