/**
 * Lets the user choose the data: a folder of pictures, files in IDX format, a table, arrays, texts,
 * or the hub's demonstration share.
 */
import { useState } from 'preact/hooks';
import { filesOfDrop, filesOfInput, type PageFile } from '../../../data/page/page-files.js';
import { Scroll } from '../../common/scroll.js';
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
  const { wanted, demonstration } = federation;
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
      <Expected federation={federation} />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is the mouse's way; its buttons are everybody's */}
      <div
        class={over ? 'drop over' : 'drop'}
        onDragOver={dragOver}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>Drop a {wanted.kind === 'pictures' ? 'folder' : 'file'} here, or</p>
        <div class="buttons">
          {wanted.kind !== 'table' && <FileButton label="Choose a folder" folder onFiles={onFiles} />}
          {(wanted.kind !== 'pictures' || wanted.byFolders) && (
            <FileButton
              label={wanted.kind === 'pictures' ? 'Choose IDX files' : 'Choose a file'}
              onFiles={onFiles}
            />
          )}
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

const HELD = {
  table:
    'A CSV, TSV or Parquet file whose columns have these names, in any order. Other columns are left out, and an empty cell is a missing value. The file is read on this device, and you see what it holds before anything is sent.',
  arrays:
    'A .npz, .safetensors or .parquet file, or a folder of .npy files, with these arrays; their first axis is that of the examples. They are read on this device, and you see what they hold before anything is sent.',
  text: 'A CSV, TSV or Parquet file with these columns, a .jsonl file with these fields, or a folder of .txt files with one folder for each class, called as the class. Texts are read on this device, and you see how many there are before anything is sent.',
} as const;
const CALLED = { table: 'Column', arrays: 'Array', text: 'Column or field' } as const;

/** What the files are to hold. */
function Expected({ federation: { wanted } }: Pick<ChooseDataProps, 'federation'>) {
  if (wanted.kind === 'pictures') {
    return (
      <p>
        A folder of pictures (PNG, JPEG, WebP, GIF, AVIF, BMP), {wanted.holds}. They are brought to{' '}
        {imageText(wanted.imageShape)}, on this device.
        {wanted.byFolders && ' Or a pair of IDX files, as MNIST has them.'}
      </p>
    );
  }
  const { kind, inputs, targets } = wanted;
  const rows = [...targets.map((column) => ({ ...column, learned: true })), ...inputs];
  return (
    <>
      <p>{HELD[kind]}</p>
      <Scroll label="What the data are to hold">
        <table class="wanted">
          <thead>
            <tr>
              <th scope="col">{CALLED[kind]}</th>
              <th scope="col" class="text">
                What it holds
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((column) => (
              <tr key={column.name}>
                <th scope="row">{column.name}</th>
                <td class="text">
                  {column.text}
                  {'learned' in column && <strong> – this is learned</strong>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
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
