/** A number with a bar behind it. */
import type { ComponentChildren } from 'preact';

export interface BarProps {
  /** From 0 to 1. */
  readonly part: number;
  readonly children: ComponentChildren;
}

export function Bar({ part, children }: BarProps) {
  return (
    <span class="bar">
      <svg aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">
        <rect width={100 * Math.min(1, Math.max(0, part))} height={10} />
      </svg>
      {children}
    </span>
  );
}
