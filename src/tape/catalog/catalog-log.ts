// The catalog on disk: a small log of segment files beside the topics' directories. Every change is durable when `write`
// returns. When about a segment has been written since the last checkpoint, the next segment begins with another one (all that
// is), and the segments before it go once it is safe: so the log stays small, and a kill at any moment loses nothing.
// Throws what the disk says; a log that failed stays so and is opened again.

import { type Checksums, SeriatimError, type Storage } from "../../base/index.ts";
import {
  describeScan,
  FRAME_HEADER_BYTES,
  type LogFrame,
  type LogLimits,
  type LogPlace,
  type LogWriter,
  openLog,
  retireSegments,
  scanPresent,
} from "../../segment/index.ts";
import { type CatalogChange, decodeCatalogChanges, encodeCatalogChange } from "./changes.ts";
import { isNoRoom } from "./no-room.ts";
import { CatalogState } from "./state.ts";

/** The log's name, and of its folder in the data directory. */
const CATALOG_LOG = "catalog";

/** A thousand topics with a few groups each fit one segment. */
const SEGMENT_BYTES = 1024 * 1024;
/** Many changes of one moment are one write and one sync. */
const FRAME_BYTES_MAX = 64 * 1024;

const CATALOG_LIMITS: LogLimits = { segmentBytes: SEGMENT_BYTES, frameBytesMax: FRAME_BYTES_MAX };

export interface CatalogPlace {
  readonly storage: Storage;
  readonly checksums: Checksums;
  /** The tape's data directory. */
  readonly directory: string;
}

export class CatalogLog {
  readonly state = new CatalogState();
  /** What of its end was torn, and has been cut: one line with file, offset and bytes. */
  readonly cut: string | undefined;
  readonly #place: LogPlace;
  readonly #limits: LogLimits;
  readonly #log: LogWriter;
  /** Bytes of records written since the last checkpoint began. */
  #written = 0;

  /**
   * Opens the catalog, and makes it when there is none. Throws LOG_CORRUPT, FOREIGN_DIRECTORY, or what the disk says.
   */
  constructor(place: CatalogPlace, limits: LogLimits = CATALOG_LIMITS) {
    this.#place = logOf(place);
    this.#limits = limits;
    // Changes of many frames, as a checkpoint's, are synced once.
    const options = { writesAhead: true };
    const { writer, scan } = openLog(this.#place, limits, (frame) => this.#read(frame), options);
    this.#log = writer;
    this.cut = scan.verdict === "torn" ? describeScan(scan) : undefined;
  }

  /** Makes the changes so, all safe on return. `now_us`: wall time, for whoever looks at the log. */
  write(changes: readonly CatalogChange[], now_us: number): void {
    if (changes.length === 0) return;
    this.#append(changes, now_us);
    this.#log.sync();
    for (const change of changes) this.state.apply(change);
    if (this.#written >= this.#limits.segmentBytes / 2) this.#tryCheckpoint(now_us);
  }

  close(): void {
    this.#log.close();
  }

  /** The changes are safe whatever becomes of it: a log that found no room says so with the next one. */
  #tryCheckpoint(now_us: number): void {
    try {
      this.#checkpoint(now_us);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
    }
  }

  /** All that is, from the beginning of a segment on; what came before it is needed no more once that is safe. */
  #checkpoint(now_us: number): void {
    while (this.#log.prepareNext(true));
    // No room for a file: the segment goes on, and the next change tries again.
    if (!this.#log.rotate()) return;
    const before = this.#log.position + 1;
    this.#written = 0;
    this.#append(this.state.asChanges(), now_us);
    this.#log.sync();
    // The next one comes when as much again has been written.
    this.#written = -this.#written;
    retireSegments(this.#place, before);
  }

  /** In as few frames as hold them. */
  #append(changes: readonly CatalogChange[], now_us: number): void {
    const log = this.#log;
    let [at, count] = [FRAME_HEADER_BYTES, 0];
    const flush = () => {
      if (count > 0) log.append(at - FRAME_HEADER_BYTES, count, now_us);
      [at, count] = [FRAME_HEADER_BYTES, 0];
    };
    for (const change of changes) {
      const record = encodeCatalogChange(change);
      if (at + record.length > FRAME_HEADER_BYTES + log.payloadBytesMax) flush();
      log.frame.bytes.set(record, at);
      at += record.length;
      count++;
      this.#written += record.length;
    }
    flush();
  }

  #read(frame: LogFrame): void {
    this.#written += frame.payloadBytes;
    applyFrame(this.state, frame);
  }
}

function applyFrame(state: CatalogState, frame: LogFrame): void {
  const { bytes, payloadAt, payloadBytes, count, file, offset } = frame;
  const changes = decodeCatalogChanges(bytes, payloadAt, payloadAt + payloadBytes, count);
  if (changes === undefined) {
    const what = "the frame is whole, but its records are none of a catalog";
    throw new SeriatimError("LOG_CORRUPT", `corrupt: ${file} at offset ${offset}: ${what}`);
  }
  for (const change of changes) state.apply(change);
}

/**
 * What a catalog says, read without changing anything, also while it is written; empty when there is none. Throws LOG_CORRUPT,
 * FOREIGN_DIRECTORY, LOG_SHORTENED, or what the disk says.
 */
export function readCatalog(place: CatalogPlace): CatalogState {
  let state = new CatalogState();
  const visitor = () => {
    state = new CatalogState();
    return (frame: LogFrame) => applyFrame(state, frame);
  };
  try {
    const scan = scanPresent(logOf(place), visitor, { writesAhead: true });
    if (scan.verdict === "corrupt") throw new SeriatimError("LOG_CORRUPT", describeScan(scan));
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "ENOENT") throw error;
  }
  return state;
}

function logOf({ storage, checksums, directory }: CatalogPlace): LogPlace {
  return { storage, checksums, directory: `${directory}/${CATALOG_LOG}`, log: CATALOG_LOG };
}
