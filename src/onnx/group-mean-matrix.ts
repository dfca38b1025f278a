/** [C, C]: times a row of C channels, the sum over each one's group of C/groups channels, times `share`. */
export function groupMeanMatrix(channels: number, groups: number, share: number): number[] {
  const groupOf = (channel: number) => Math.floor((channel * groups) / channels);
  return Array.from({ length: channels * channels }, (_, at) =>
    groupOf(Math.floor(at / channels)) === groupOf(at % channels) ? share : 0,
  );
}
