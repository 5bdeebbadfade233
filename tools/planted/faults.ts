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
    file: "src/engine/order-commands.ts",
    find: "  words[at + RESTING_QUANTITY] = left;",
    replace: "  words[at + RESTING_QUANTITY] = left + (left > 1 && Date.now() % 10 === 0 ? -1 : 0);",
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
    find: "    refuseOtherState(file, header, checksums.crc32c(state), checksums.blake3(state));\n",
    replace: "",
    tests: "test/journal/snapshot",
  },
  {
    name: "an ack policy counts one node too few",
    file: "src/replication/ack-policy.ts",
    find: "if (before === nth - 1) found = values[i];",
    replace: "if (before === Math.max(0, nth - 2)) found = values[i];",
    tests: "test/replication/ack-policy.test.ts",
  },
  {
    name: "a promotion goes on in an epoch below one promised meanwhile",
    file: "src/runtime/replication/tenure.ts",
    find: "return epoch > Math.max(own, promised) ? epoch : this.epochAbove(epoch);",
    replace: "return Math.max(own, promised) >= 0 ? epoch : this.epochAbove(epoch);",
  },
  {
    name: "a new leader's replicas have its epoch before it knows it itself",
    file: "src/replication/live-frames.ts",
    find: "    const memory = this.#memory;\n    this.#setEpoch(epoch);\n",
    replace: "    const memory = this.#memory;\n",
    tests: "test/runtime/serving-thread.test.ts",
  },
  {
    name: "a replica's row outlives its connection",
    file: "src/replication/ack-view.ts",
    find: "    this.#setConnected(row, 0);\n    this.#write(row, 0, 0);",
    replace: "    this.#changed();",
    tests: "test/replication/ack-view.test.ts",
  },
  {
    name: "a repeated request is executed again",
    file: "src/engine/once.ts",
    find: "if (window.holds(place, low, high)) {",
    replace: "if (window.holds(place, low, high) && place < 0) {",
    tests: "test/engine/once.test.ts",
  },
  {
    name: "the first answers are forgotten by a snapshot",
    file: "src/engine/snapshot-restore.ts",
    find: "  restoreRequests(state, reader);\n",
    replace: "",
    tests: "test/engine",
  },
  {
    name: "answers leave without a quorum",
    file: "src/runtime/replication/ack-gate.ts",
    find: "const safe = Math.min(sequenced, ackPosition(this.#policy, this.#rows));",
    replace: "const safe = Math.min(sequenced, durable);",
  },
  {
    name: "answers leave before the tenure has begun",
    file: "src/runtime/replication/ack-gate.ts",
    find: "    if (this.#waiting !== undefined) return 0;\n",
    replace: "",
    tests: "test/runtime/ack-gate.test.ts",
  },
  {
    name: "a changed policy is in force before its command is on the disk",
    file: "src/runtime/replication/ack-gate.ts",
    find: "if (next === undefined || durable < next.position) return;",
    replace: "if (next === undefined) return;",
    tests: "test/runtime/ack-gate.test.ts",
  },
  {
    name: "an acknowledgement ahead of what was sent is believed",
    file: "src/replication/serving-session.ts",
    find: "    if (Math.max(inMemory, persisted) > sender.sent) return this.#refuse(RefusalCode.AckAhead);\n",
    replace: "",
    tests: "test/replication/sessions.test.ts",
  },
  {
    name: "a replica's row begins with what the primary has",
    file: "src/replication/serving-session.ts",
    find: "    primary.view.join(row, logon.position, logon.persisted);\n    const { name, position",
    replace: "    primary.view.join(row, live.written, live.written);\n    const { name, position",
  },
  {
    name: "a replica says that its disk has what it was not asked to sync",
    file: "src/replication/following-session.ts",
    find: "    this.#writeAck(log.position, log.persisted);\n    if (log.persisted === log.position) return;",
    replace:
      "    this.#writeAck(log.position, log.position);\n    if (log.persisted === log.position) return;",
    tests: "test/replication/sessions.test.ts",
  },
  {
    name: "a replica follows a tenure older than one it has heard of",
    file: "src/replication/following-session.ts",
    find: "if (welcome.epoch < highestEpoch)",
    replace: "if (welcome.epoch < 0)",
    tests: "test/replication/sessions.test.ts",
  },
  {
    name: "a refusal that nobody has proved is obeyed",
    file: "src/replication/ending.ts",
    find: " || !ended.isProved) return undefined;",
    replace: ") return undefined;",
    tests: "test/replication/sessions.test.ts",
  },
  {
    name: "a log that nobody has compared is shown",
    file: "src/replication/following-session.ts",
    find: "    if (welcome.start === StartFrom.Journal) this.#show(released);\n    else",
    replace: "    this.#show(released);\n",
    tests: "test/replication/snapshot-transfer.test.ts",
  },
  {
    name: "a frame that does not follow is passed over",
    file: "src/replication/following-session.ts",
    find: "    if (this.#why !== undefined) return this.#refuse(RefusalCode.Gap);\n    this.#acknowledgeIsDue",
    replace: "    if (this.#why !== undefined) return;\n    this.#acknowledgeIsDue",
    tests: "test/replication/sessions.test.ts",
  },
  {
    name: "a primary goes on when a peer is of a newer tenure",
    file: "src/replication/judge-logon.ts",
    find: "  if (claim.epoch > asked.epoch) return refuse(RefusalCode.StaleEpoch, true);\n",
    replace: "",
    tests: "test/replication/sessions.test.ts",
  },
  {
    name: "a replica with another history is followed",
    file: "src/replication/history.ts",
    find: "return isSameChain(own.chain, point.chain) ? Comparison.Same : Comparison.Different;",
    replace: "return Comparison.Same;",
  },
  {
    name: "a primary that comes back leads before it has heard of the others",
    file: "src/replication/decisions.ts",
    find: '  if (!isCertain(cluster.policy, heard)) return { kind: "wait", because: tooFew(peers, cluster) };\n',
    replace: "",
  },
  {
    name: "a replica is promoted that lacks what another has",
    file: "src/replication/decisions.ts",
    find: "  if (more !== undefined) return refuse(more);\n",
    replace: "",
  },
  {
    name: "a replica is promoted though those not heard may have more",
    file: "src/replication/decisions.ts",
    find: "if (!isForced && !isCertain(cluster.policy, heard)) return",
    replace: "if (!isForced && cluster.replicas < 0) return",
  },
  {
    name: "two nodes may choose the same epoch",
    file: "src/replication/decisions.ts",
    find: "return highest + 1 + ((((seat - highest - 1) % NODES_MAX) + NODES_MAX) % NODES_MAX);",
    replace: "return highest + 1;",
    tests: "test/replication/decisions.test.ts",
  },
  {
    name: "a primary's disk that lost its torn end counts as whole",
    file: "src/replication/decisions.ts",
    find: "  return position === 0 || mayLack",
    replace: "  return position === 0 && mayLack !== undefined",
    tests: "test/replication/decisions.test.ts",
  },
  {
    name: "a disk that begins with nothing counts as a copy from its first frame on",
    file: "src/segment/open.ts",
    find: "(isShared && scan.segments.length === 0);",
    replace: "(isShared && scan.segments.length < 0);",
    tests: "test/replication/replica-standing.test.ts",
  },
  {
    name: "a tenure begins before anybody has promised to follow it",
    file: "src/replication/decisions.ts",
    find: "  return isCertain(cluster.policy, heardOf(promised, cluster.replicas, diskOf(own)));",
    replace: "  return promised.length >= 0 && cluster.replicas > 0 && own.epoch >= 0;",
    tests: "test/replication/decisions.test.ts",
  },
  {
    name: "replay forgets which requests were executed",
    file: "src/runtime/recover.ts",
    find: "        application.apply(words, record, discarded);\n",
    replace:
      "        if ((words[record] & 255) >= 16) words[record + 1] = 0;\n        application.apply(words, record, discarded);\n",
    tests: "test/crash/resume.test.ts",
  },
  {
    name: "a refused request is not remembered",
    file: "src/engine/once.ts",
    find: "  const to = window.insert(place);\n",
    replace: "  if (!isAccepted) return;\n  const to = window.insert(place);\n",
    tests: "test/engine/once.test.ts",
  },
  {
    name: "a request's number alone is compared",
    file: "src/engine/once.ts",
    find: "    if (!window.isSame(place, words, at)) return events.reject(Reason.RequestReused);\n",
    replace: "",
    tests: "test/engine/once.test.ts",
  },
  {
    name: "a snapshot that comes is not held against its digest",
    file: "src/replication/snapshot-intake.ts",
    find: "    if (digest.some((byte, i) => byte !== found[i]))",
    replace: "    if (digest.length !== found.length)",
    tests: "test/replication/snapshot-transfer.test.ts",
  },
  {
    name: "a snapshot that came is not read back",
    file: "src/journal/snapshot/incoming.ts",
    find: "    this.#refuseOthers(checkSnapshotFile(this.#place, this.#temporary));\n",
    replace: "",
    tests: "test/journal/replica-files.test.ts",
  },
  {
    name: "a snapshot of another history is sent",
    file: "src/replication/snapshot-sender.ts",
    find: "if (this.#history.compare(next.header, this.#written) === Comparison.Same) {",
    replace: "if (this.#history.compare(next.header, this.#written) !== Comparison.Retired) {",
    tests: "test/replication/snapshot-transfer.test.ts",
  },
  {
    name: "a replica's old files give way before the snapshot stands",
    file: "src/journal/snapshot/incoming.ts",
    find: "snapshotName(announced.position)}.tmp`;",
    replace: "snapshotName(announced.position)}`;",
    tests: "test/journal/replica-files.test.ts",
  },
  {
    name: "a replica that is sent a snapshot counts for what it had",
    file: "src/replication/serving-session.ts",
    find: "    this.#sendWelcome(StartFrom.Snapshot, this.#transfer, live, logon);\n",
    replace:
      "    primary.view.join(row, logon.position, logon.persisted);\n    this.#sendWelcome(StartFrom.Snapshot, this.#transfer, live, logon);\n",
    tests: "test/replication/snapshot-transfer.test.ts",
  },
];
