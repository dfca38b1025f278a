/** What may be wider or longer than its place moves by itself, by the keyboard too. */
import type { ComponentChildren } from 'preact';

export interface ScrollProps {
  readonly label: string;
  /** Not higher than part of a window. */
  readonly tall?: boolean;
  readonly children: ComponentChildren;
}

export const Scroll = ({ label, tall = false, children }: ScrollProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, a keyboard cannot move what is in it.
  <section class={tall ? 'scroll tall' : 'scroll'} aria-label={label} tabIndex={0}>
    {children}
  </section>
);
