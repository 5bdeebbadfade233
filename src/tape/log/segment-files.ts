// The segments of one topic as a reader has them: a few files open, the one used longest ago closed for another, and the heads
// of those that were asked for. A file that is removed while it is open can be read to its end, unless it has become another
// segment: who reads holds what it finds to its position.

import { SeriatimError, type StorageFile } from "../../base/index.ts";
import {
  ChunkReader,
  type LogPlace,
  listLogDirectory,
  readSegmentHeader,
  SECTOR_BYTES,
  segmentName,
} from "../../segment/index.ts";
import { readSegmentHead, type SegmentHead } from "./segment-head.ts";

export interface OpenSegmentFile {
  readonly number: number;
  readonly file: StorageFile;
  readonly firstPosition: number;
  readonly segmentBytes: number;
}

export class SegmentFiles {
  readonly #log: LogPlace;
  readonly #filesMax: number;
  /** In the order they were used. */
  readonly #open = new Map<number, OpenSegmentFile>();
  /** Never changed once written; those of removed segments are forgotten by `list`. */
  readonly #heads = new Map<number, SegmentHead>();

  constructor(log: LogPlace, filesMax: number) {
    this.#log = log;
    this.#filesMax = filesMax;
  }

  /** Numbers of the segments that are there now, ascending; ENOENT when the topic is gone. */
  list(): readonly number[] {
    const { storage, directory, log } = this.#log;
    const { segments } = listLogDirectory(storage, directory, log);
    for (const number of this.#heads.keys()) if (!(number >= segments[0])) this.#heads.delete(number);
    return segments;
  }

  /** Undefined while it holds no whole checkpoint, or when it has been removed. */
  head(number: number): SegmentHead | undefined {
    const known = this.#heads.get(number);
    if (known !== undefined) return known;
    const head = whenThere(() => readSegmentHead(this.#log, number));
    if (head !== undefined) this.#heads.set(number, head);
    return head;
  }

  /** Undefined when there is none, or no more. Throws LOG_CORRUPT, or what the disk says. */
  open(number: number): OpenSegmentFile | undefined {
    const known = this.#open.get(number);
    if (known !== undefined) {
      this.#open.delete(number);
      this.#open.set(number, known);
      return known;
    }
    const { storage, directory, log } = this.#log;
    const file = whenThere(() => storage.open(`${directory}/${segmentName(log, number)}`, "read"));
    if (file === undefined) return undefined;
    const opened = this.#checked(number, file);
    if (opened === undefined) return undefined;
    this.#open.set(number, opened);
    if (this.#open.size > this.#filesMax) this.#closeIdlest();
    return opened;
  }

  /** Undefined when the file has become another segment since it was opened. */
  #checked(number: number, file: StorageFile): OpenSegmentFile | undefined {
    try {
      const header = readSegmentHeader(new ChunkReader(file, SECTOR_BYTES), this.#log.checksums);
      if (typeof header === "string") throw corruptAt(file.path, 0, header);
      const { firstPosition, segmentBytes } = header;
      if (header.number === number) return { number, file, firstPosition, segmentBytes };
      file.close();
      return undefined;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #closeIdlest(): void {
    for (const [number, { file }] of this.#open) {
      this.#open.delete(number);
      return file.close();
    }
  }

  close(): void {
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
  }
}

function whenThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** A segment that is wrong as a whole, or missing. */
export function corruptSegment({ directory, log }: LogPlace, number: number, why: string): SeriatimError {
  return corruptAt(`${directory}/${segmentName(log, number)}`, 0, why);
}

export function corruptAt(path: string, offset: number, why: string): SeriatimError {
  return new SeriatimError("LOG_CORRUPT", `corrupt: ${path} at offset ${offset}: ${why}`);
}
