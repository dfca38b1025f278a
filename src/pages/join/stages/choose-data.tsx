/**
 * Lets the user choose the data: a folder, files in IDX format, or the hub's demonstration share.
 */
import { useState } from 'preact/hooks';
import { filesOfDrop, filesOfInput, type PageFile } from '../../../data/images/page/page-files.js';
import type { Problem } from '../state/join-state.js';
import type { FederationFacts } from '../state/messages.js';
import { imageText } from '../state/words.js';
import { ProblemNote } from './problem-note.js';
import { StageHeading } from './stage-heading.js';

export interface ChooseDataProps {
  readonly federation: FederationFacts;
  readonly problem: Problem | undefined;
  onFiles(files: readonly PageFile[]): void;
  onDemonstration(): void;
}

export function ChooseData({ federation, problem, onFiles, onDemonstration }: ChooseDataProps) {
  const { classNames, imageShape, demonstration } = federation;
  const [over, setOver] = useState(false);
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const items = event.dataTransfer?.items;
    if (items !== undefined) onFiles(await filesOfDrop(items));
  };
  const dragOver = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <section aria-labelledby="data">
      <StageHeading id="data">Your data</StageHeading>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <p>
        A folder of pictures (PNG, JPEG, WebP, GIF, AVIF, BMP) that has one folder for each class, called as
        the class, such as “{classNames[0]}”. They are brought to {imageText(imageShape)}, on this device. Or
        a pair of IDX files, as MNIST has them.
      </p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is the mouse's way; its buttons are everybody's */}
      <div
        class={over ? 'drop over' : 'drop'}
        onDragOver={dragOver}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>Drop a folder here, or</p>
        <div class="buttons">
          <FileButton label="Choose a folder" folder onFiles={onFiles} />
          <FileButton label="Choose IDX files" onFiles={onFiles} />
          {demonstration && (
            <button type="button" onClick={onDemonstration}>
              Use the demonstration share
            </button>
          )}
        </div>
        {demonstration && (
          <p class="quiet">
            The demonstration share is a part of Fashion-MNIST, which comes from the coordinator.
          </p>
        )}
      </div>
    </section>
  );
}

interface FileButtonProps {
  readonly label: string;
  /** Whether a whole folder is chosen rather than files. */
  readonly folder?: boolean;
  onFiles(files: readonly PageFile[]): void;
}

function FileButton({ label, folder = false, onFiles }: FileButtonProps) {
  return (
    <label class="button">
      {label}
      <input
        type="file"
        class="unseen"
        multiple
        ref={(input) => {
          if (input !== null) input.webkitdirectory = folder;
        }}
        onChange={({ currentTarget }) => {
          const { files } = currentTarget;
          if (files !== null && files.length > 0) onFiles(filesOfInput(files));
          // Reset, so that choosing the same files again is an event.
          currentTarget.value = '';
        }}
      />
    </label>
  );
}
