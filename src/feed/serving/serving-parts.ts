// What all subscribers of a feed share.

import type { Checksums, Clock } from "../../base/index.ts";
import type { FilteredChunks } from "./filtered-chunks.ts";
import type { KeptHistory } from "./kept-history.ts";
import type { PacketCopies } from "./packet-copies.ts";
import type { Repacker } from "./repacker.ts";
import type { ServedMarket } from "./served-channel.ts";
import type { ServingCounters, ServingLimits } from "./serving-limits.ts";
import type { SharedChunks } from "./shared-chunks.ts";
import type { SnapshotImages } from "./snapshot-images.ts";

export interface ServingParts {
  readonly market: ServedMarket;
  readonly checksums: Checksums;
  readonly clock: Clock;
  readonly limits: ServingLimits;
  readonly counters: ServingCounters;
  readonly chunks: SharedChunks;
  readonly repacker: Repacker;
  readonly filtered: FilteredChunks;
  readonly images: SnapshotImages;
  /** By kind of channel. */
  readonly kept: ReadonlyMap<number, KeptHistory>;
  readonly copies: PacketCopies;
}
