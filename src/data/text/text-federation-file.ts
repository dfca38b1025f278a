/** Writes the file of a federation about texts, with comments, from a first look at them. */
import { categoriesOf, type Dataset } from '../dataset.js';
import { yamlScalar } from '../tables/federation-file.js';

/** @param fields those of a table or a JSONL file; undefined for a folder */
export function textFederationFile(
  path: string,
  fields: { readonly text: string; readonly label: string } | undefined,
  { examples, inputs, ...texts }: Dataset,
): string {
  const named =
    fields === undefined ? '' : `  text: ${yamlScalar(fields.text)}\n  label: ${yamlScalar(fields.label)}\n`;
  return `# A federation about the texts of ${path}, ${examples} in all.
# The classes and the length come from these texts alone: other owners may have more classes, or
# longer texts, of which only the beginning is read.
dataset: ${yamlScalar(path)}
data:
  kind: text
${named}  classes: [${categoriesOf(texts).map(yamlScalar).join(', ')}]
  length: ${inputs[0]?.shape[0]} # bytes of each text
# The texts of one owner, dealt out to two participants, for a trial. Across machines, where each
# owner has its own texts: { name: own, participants: 2 }, and dataset: none.
partition: { name: iid, participants: 2, validation: 0.2 }
model: { name: bag-of-embeddings } # or { name: transformer }, which knows the order of words
optimizer: { name: adam, learningRate: 0.01 }
local: { epochs: 4 }
rounds: 20
`;
}
