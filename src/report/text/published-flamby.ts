/**
 * What stands below the table of FLamby's benchmark: what its columns are, and the published
 * accuracies on the test rows of all four hospitals. Those are means ± standard deviations over
 * five seeds, all with one split, whose rows are not known here.
 * @see Ogier du Terrail et al. 2022, https://arxiv.org/abs/2210.04620
 */
export const publishedFlamby = [
  'accuracy: test rows are normalized by the training rows of all, as FLamby’s code does;',
  '“by hospital”: all rows are normalized by the training rows of their hospital',
  '',
  'published (arXiv 2210.04620): five seeds and one split of these 740 rows, in per cent',
  'FedAvg, FedProx and SCAFFOLD 74.8 ± 2.7; FedAdam, FedYogi and FedAdagrad 77.9 ± 1.5;',
  'pooled 79.5 ± 0.3; a hospital alone: cleveland 78.4, hungary 72.7, switzerland 48.3, long-beach 61.1',
].join('\n');
