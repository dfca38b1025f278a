/**
 * A box that scrolls within the page, also by the keyboard, when its content is wider or longer.
 */
import type { ComponentChildren } from 'preact';

export interface ScrollProps {
  readonly label: string;
  /** Whether it also scrolls vertically. */
  readonly tall?: boolean;
  readonly children: ComponentChildren;
}

export const Scroll = ({ label, tall = false, children }: ScrollProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: else nobody could scroll it without a mouse
  <section class={tall ? 'scroll tall' : 'scroll'} tabIndex={0} aria-label={label}>
    {children}
  </section>
);
