/**
 * The heading of a new stage. When a button of the user led to the stage, the heading takes the
 * focus, since the button is gone.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface StageHeadingProps {
  readonly id: string;
  readonly children: ComponentChildren;
}

export function StageHeading({ id, children }: StageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // When the page loads without an action of the user, the browser decides about the focus.
    if (navigator.userActivation?.hasBeenActive) heading.current?.focus();
  }, []);
  return (
    <h2 id={id} ref={heading} tabIndex={-1}>
      {children}
    </h2>
  );
}
