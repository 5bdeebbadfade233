// Run as a process of its own: appends to the journal in the directory named first, and prints each position once it
// is safe. Ends by being killed.

import { writeSync } from "node:fs";
import { openJournal } from "../../src/journal/index.ts";
import { NodeStorage } from "../../src/platform/index.ts";
import { journalOptions, ordersFrom } from "./support.ts";

const { journal } = openJournal(journalOptions(new NodeStorage(), process.argv[2]), () => {});
for (;;) {
  const count = 1 + (journal.position % 40);
  journal.append(ordersFrom(journal.position + 1, count), 0, count);
  journal.prepareNext(false);
  writeSync(1, `${journal.durablePosition}\n`);
}
