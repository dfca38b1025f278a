/** What may be wider than the window moves by itself, by the keyboard too. */
import type { ComponentChildren } from 'preact';

export function Scroll({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, a keyboard cannot move what is in it.
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
