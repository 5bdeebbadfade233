// Faults that somebody could make, as changes of the source: what a test suite is worth is whether it notices them. They are
// applied to a copy (run.ts), never here. `find` stands in its file exactly once; when the code around it changes, the list
// changes with it (test/planted.test.ts).

export interface PlantedFault {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The tests that must notice it; the simulation when left out. */
  readonly tests?: string;
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    name: "fdatasync is skipped",
    file: "src/segment/writer.ts",
    find: "      this.#segment?.file.syncData();\n      this.#durablePosition",
    replace: "      this.#durablePosition",
  },
  {
    name: "a failed fdatasync is tried again",
    file: "src/segment/writer.ts",
    find: "      this.#durablePosition = this.#position;\n    } catch (error) {\n      throw this.#latch(error);",
    replace:
      "      this.#durablePosition = this.#position;\n    } catch {\n      this.#segment?.file.syncData();\n      this.#durablePosition = this.#position;",
  },
  {
    name: "answers leave before their cause is safe",
    file: "src/sequencer/sequencer.ts",
    find: "return this.#base + this.#producer.released();",
    replace: "return this.position;",
  },
  {
    name: "a batch is given back before it is written",
    file: "src/journal/agent.ts",
    find: "      journal.commit();\n      consumer.release(count);",
    replace: "      consumer.release(count);\n      journal.commit();",
  },
  {
    name: "frames whose sync may have failed are not written again at the opening",
    file: "src/segment/open.ts",
    find: "    writeAgain(place, file, last);\n",
    replace: "",
  },
  {
    name: "the directory is not synced when a segment gets its name",
    file: "src/segment/preallocation.ts",
    find: "    this.#storage.syncDirectory(this.#directory);\n",
    replace: "",
  },
  {
    name: "a frame's CRC is not checked",
    file: "src/segment/whole-frame.ts",
    find: "return at >= 0 && frameIsWhole(reader.buffer, at, total, checksums) ? total : 0;",
    replace: "return at >= 0 ? total : 0;",
  },
  {
    name: "a torn end is taken for the end, and left as it is",
    file: "src/segment/open.ts",
    find: '    if (scan.verdict === "torn") writeZeros(file, endOffset, segmentBytes);\n',
    replace: "",
    tests: "test/segment",
  },
  {
    name: "the engine reads a clock",
    file: "src/engine/exchange-engine.ts",
    find: "  apply(words: Int32Array, at: number, events: RecordBuffer): void {\n",
    replace:
      "  apply(words: Int32Array, at: number, events: RecordBuffer): void {\n    if (Date.now() % 10 === 0) words[at + 8] ^= 1;\n",
  },
  {
    name: "time follows a clock that is set back",
    file: "src/sequencer/sequencer.ts",
    find: "if (wall_us > this.#now_us) this.#now_us = wall_us;",
    replace: "this.#now_us = wall_us;",
  },
  {
    name: "a journal that has failed goes on",
    file: "src/segment/writer.ts",
    find: "    if (this.#failure !== undefined) throw this.#failure;\n  }",
    replace: "  }",
    tests: "test/segment",
  },
  {
    name: "a gap between positions is accepted",
    file: "src/segment/continuity.ts",
    find: "if (firstPosition !== expected) {",
    replace: "if (firstPosition < expected) {",
    tests: "test/segment",
  },
  {
    name: "the chain is not followed",
    file: "src/segment/scan.ts",
    find: "if (!followChain(buffer, at, total, this.#point.chain, this.#place.checksums)) {",
    replace:
      "if (!followChain(buffer, at, total, this.#point.chain, this.#place.checksums) && offset === 0) {",
    tests: "test/segment",
  },
  {
    name: "a damaged frame that was durable is cut off as torn",
    file: "src/segment/tail.ts",
    find: '    when: { damage: "not whole", aboveDurable: false },\n    verdict: "corrupt",',
    replace: '    when: { damage: "not whole", aboveDurable: false },\n    verdict: "torn",',
    tests: "test/segment",
  },
  {
    name: "a stale epoch is accepted",
    file: "src/segment/continuity.ts",
    find: "if (epoch < point.epoch) {",
    replace: "if (epoch < 0) {",
    tests: "test/segment",
  },
  {
    name: "a snapshot's bytes are not held against its digests",
    file: "src/journal/snapshot/file.ts",
    find: "    refuseOther(file, header, checksums.crc32c(state), checksums.blake3(state));\n",
    replace: "",
    tests: "test/journal/snapshot",
  },
  {
    name: "an ack policy counts one node too few",
    file: "src/replication/ack-policy.ts",
    find: "if (before === nth - 1) found = values[i];",
    replace: "if (before === Math.max(0, nth - 2)) found = values[i];",
    tests: "test/replication",
  },
  {
    name: "a replica's row outlives its connection",
    file: "src/replication/ack-view.ts",
    find: "    this.#setConnected(row, 0);\n    this.#write(row, 0, 0);",
    replace: "    this.#changed();",
    tests: "test/replication",
  },
  {
    name: "a repeated request is executed again",
    file: "src/engine/once.ts",
    find: "if (window.holds(place, low, high)) {",
    replace: "if (window.holds(place, low, high) && place < 0) {",
    tests: "test/engine",
  },
  {
    name: "the first answers are forgotten by a snapshot",
    file: "src/engine/snapshot-restore.ts",
    find: "  restoreRequests(state, reader);\n",
    replace: "",
    tests: "test/engine",
  },
];
