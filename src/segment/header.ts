// The segment header: one sector, written and synced before the file gets its real name, never changed after. So a
// damaged one is always damage, never an interrupted creation.

import { type Checksums, decodeUtf8, encodeUtf8, getU64, setU64, WordBuffer } from "../base/index.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { segmentName } from "./directory.ts";
import { CHAIN_BYTES, SECTOR_BYTES, SEGMENT_MAGIC, SEGMENT_VERSION, SegmentLayout } from "./layout.ts";
import type { LogPlace } from "./log.ts";

export interface SegmentHeader {
  readonly segmentBytes: number;
  readonly number: number;
  readonly firstPosition: number;
  readonly epoch: number;
  readonly anchor: Uint8Array;
  /** The number of the segment that this file was before; 0: it was made for this one. */
  readonly former: number;
}

/** The header's sector. */
export function encodeSegmentHeader(header: SegmentHeader, checksums: Checksums): WordBuffer {
  const sector = new WordBuffer(SECTOR_BYTES);
  const { bytes, view } = sector;
  bytes.set(encodeUtf8(SEGMENT_MAGIC), SegmentLayout.magic);
  view.setUint32(SegmentLayout.version, SEGMENT_VERSION, true);
  view.setUint32(SegmentLayout.sectorBytes, SECTOR_BYTES, true);
  setU64(view, SegmentLayout.segmentBytes, header.segmentBytes);
  setU64(view, SegmentLayout.number, header.number);
  setU64(view, SegmentLayout.firstPosition, header.firstPosition);
  setU64(view, SegmentLayout.epoch, header.epoch);
  bytes.set(header.anchor, SegmentLayout.anchor);
  setU64(view, SegmentLayout.former, header.former);
  view.setUint32(SegmentLayout.crc, checksums.crc32c(bytes.subarray(0, SegmentLayout.crc)), true);
  return sector;
}

/**
 * The header at the start of `sector`, or the reason why it is none. Magic, checksum and the place of both are the
 * same in every version, so a newer file is told from a damaged one.
 */
function decodeSegmentHeader(sector: WordBuffer, checksums: Checksums): SegmentHeader | string {
  const wrong = headerDamage(sector, checksums) ?? otherFormat(sector);
  if (wrong !== undefined) return wrong;
  const { bytes, view } = sector;
  return {
    segmentBytes: getU64(view, SegmentLayout.segmentBytes),
    number: getU64(view, SegmentLayout.number),
    firstPosition: getU64(view, SegmentLayout.firstPosition),
    epoch: getU64(view, SegmentLayout.epoch),
    anchor: bytes.slice(SegmentLayout.anchor, SegmentLayout.anchor + CHAIN_BYTES),
    former: getU64(view, SegmentLayout.former),
  };
}

function headerDamage({ bytes, view }: WordBuffer, checksums: Checksums): string | undefined {
  const magic = decodeUtf8(bytes.subarray(SegmentLayout.magic, SegmentLayout.magic + SEGMENT_MAGIC.length));
  if (magic !== SEGMENT_MAGIC) return "the segment header does not begin with its magic bytes";
  const sum = checksums.crc32c(bytes.subarray(0, SegmentLayout.crc));
  return view.getUint32(SegmentLayout.crc, true) === sum
    ? undefined
    : "the segment header's CRC32C does not match";
}

function otherFormat({ view }: WordBuffer): string | undefined {
  const version = view.getUint32(SegmentLayout.version, true);
  if (version !== SEGMENT_VERSION)
    return `it is written in format version ${version}, this program knows version ${SEGMENT_VERSION}`;
  const sectorBytes = view.getUint32(SegmentLayout.sectorBytes, true);
  return sectorBytes === SECTOR_BYTES
    ? undefined
    : `its sector size is ${sectorBytes}, this program knows ${SECTOR_BYTES}`;
}

/** The header of a reader's file, or the reason why it has none. */
export function readSegmentHeader(reader: ChunkReader, checksums: Checksums): SegmentHeader | string {
  if (reader.at(0, SECTOR_BYTES) >= 0) return decodeSegmentHeader(reader.buffer, checksums);
  return `the file is ${reader.size} bytes, shorter than its header`;
}

/** The header of segment `number`, or the reason why it has none. */
export function headerOf(place: LogPlace, number: number): SegmentHeader | string {
  return withReader(place, number, (reader) => readSegmentHeader(reader, place.checksums));
}

/** Why segment `number`, whose header is whole, is another version's; undefined when it is this one's, or damaged. */
export function otherFormatOf(place: LogPlace, number: number): string | undefined {
  return withReader(place, number, (reader) => {
    const isWhole =
      reader.at(0, SECTOR_BYTES) >= 0 && headerDamage(reader.buffer, place.checksums) === undefined;
    return isWhole ? otherFormat(reader.buffer) : undefined;
  });
}

function withReader<T>(
  { storage, directory, log }: LogPlace,
  number: number,
  read: (from: ChunkReader) => T,
): T {
  const file = storage.open(`${directory}/${segmentName(log, number)}`, "read");
  try {
    return read(new ChunkReader(file, SECTOR_BYTES));
  } finally {
    file.close();
  }
}
