import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { SessionTable } from "../../../src/tape/log/session-table.ts";

/** Looks at all of them: who was used longest ago is forgotten. */
class NaiveTable {
  readonly sessions: { publisher: number; epoch: number; lastBatch: number; used: number }[] = [];
  readonly #max: number;
  #uses = 0;

  constructor(max: number) {
    this.#max = max;
  }

  open(publisher: number, epoch: number, lastBatch = 0): void {
    const used = ++this.#uses;
    const known = this.sessions.find((session) => session.publisher === publisher);
    if (known !== undefined) return void Object.assign(known, { epoch, lastBatch, used });
    if (this.sessions.length === this.#max) {
      const idlest = this.sessions.reduce((a, b) => (b.used < a.used ? b : a));
      this.sessions.splice(this.sessions.indexOf(idlest), 1);
    }
    this.sessions.push({ publisher, epoch, lastBatch, used });
  }

  wrote(publisher: number, epoch: number, batch: number): void {
    const known = this.sessions.find((session) => session.publisher === publisher);
    if (known === undefined || known.epoch < epoch) return this.open(publisher, epoch, batch);
    if (known.epoch > epoch) return;
    known.lastBatch = Math.max(known.lastBatch, batch);
    known.used = ++this.#uses;
  }
}

test("the session idle longest is forgotten, by whatever way the others were used, also behind a checkpoint", () => {
  const seed = 2_147;
  const prng = new Prng(seed);
  const naive = new NaiveTable(8);
  let table = new SessionTable(8);
  for (let step = 1; step <= 5_000; step++) {
    const publisher = prng.between(1, 12);
    const epoch = prng.between(1, 3);
    switch (prng.between(0, 9)) {
      case 0:
        naive.open(publisher, epoch);
        table.open(publisher, epoch, step);
        break;
      case 1: {
        // A log that is opened again has them from its checkpoint.
        const restored = new SessionTable(8);
        restored.restore(table.values());
        table = restored;
        break;
      }
      default:
        naive.wrote(publisher, epoch, step);
        table.wrote(publisher, epoch, step, step);
    }
    const expected = naive.sessions.map(({ publisher, epoch, lastBatch }) => ({
      publisher,
      epoch,
      lastBatch,
    }));
    const known = table.values().map(({ publisher, epoch, lastBatch }) => ({ publisher, epoch, lastBatch }));
    expect(known, `seed ${seed}, step ${step}`).toEqual(expected);
  }
});
