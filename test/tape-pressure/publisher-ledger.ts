// What a publisher knows of its own batches, in a file that outlives it: which it was about to send, which were acknowledged.
// A line is written before a batch leaves and after an ack has come, so a ledger never knows more than its publisher did.

import { closeSync, openSync, readSync, writeSync } from "node:fs";

export interface SessionLedger {
  /** The last batch that may have left. */
  sent: number;
  /** The last one that was acknowledged, with all before it. */
  acknowledged: number;
}

export class LedgerWriter {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  sent(epoch: number, batch: number): void {
    writeSync(this.#file, `s ${epoch} ${batch}\n`);
  }

  acknowledged(epoch: number, batch: number): void {
    writeSync(this.#file, `a ${epoch} ${batch}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

const CHUNK_BYTES = 1 << 16;

/** Reads a ledger while it grows. */
export class LedgerReader {
  /** By epoch. */
  readonly sessions = new Map<number, SessionLedger>();
  /** How often there was one. */
  acknowledgements = 0;
  readonly #file: number;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #offset = 0;

  constructor(path: string) {
    this.#file = openSync(path, "a+");
  }

  /** Reads what was added since. */
  update(): void {
    for (;;) {
      const bytes = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, this.#offset);
      const whole = this.#chunk.lastIndexOf("\n", bytes - 1) + 1;
      if (bytes === 0 || whole === 0) return;
      for (const line of this.#chunk.toString("latin1", 0, whole - 1).split("\n")) this.#take(line);
      this.#offset += whole;
    }
  }

  #take(line: string): void {
    const [kind, epoch, batch] = line.split(" ");
    const known = this.sessions.get(Number(epoch)) ?? { sent: 0, acknowledged: 0 };
    this.sessions.set(Number(epoch), known);
    if (kind === "s") known.sent = Number(batch);
    else {
      known.acknowledged = Number(batch);
      this.acknowledgements++;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
