/**
 * The blobs that a message names: those of the description and of an assignment may be read by
 * every participant, those of an announcement by the coordinator.
 */
import type { Announcement } from './announcement.js';
import type { Assignment } from './assignment.js';
import type { Blob } from './blob-name.js';
import type { Description } from './description.js';

export const blobsOfDescription = ({ foreignPlan, frozen, own, tokenizer }: Description): Blob[] =>
  present(foreignPlan, frozen, own, tokenizer);

export function blobsOfAssignment(assignment: Assignment): Blob[] {
  switch (assignment.type) {
    case 'train':
      return present(assignment.base, ...Object.values(assignment.common ?? {}), assignment.constants);
    case 'compare-layers':
      return present(assignment.model, assignment.solution, assignment.constants);
    case 'sum-features':
    case 'evaluate':
    case 'finished':
      return present(assignment.model, assignment.constants);
    case 'survey':
    case 'wait':
      return [];
  }
}

export function blobsOfAnnouncement(announcement: Announcement): Blob[] {
  if (announcement.type === 'contributed') return present(announcement.file);
  if (announcement.type !== 'update') return [];
  const { state, attachments = {} } = announcement.update;
  return [state, ...Object.values(attachments)];
}

const present = (...blobs: readonly (Blob | undefined)[]) => blobs.filter((blob) => blob !== undefined);
