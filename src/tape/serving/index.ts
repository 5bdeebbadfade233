export type { TopicProgress } from "./progress.ts";
export type { ReadBatches, ReadFailure, ReadsListener, StorageReads } from "./storage-reads.ts";
export type { SubscriberWish } from "./subscriber-parts.ts";
export { type ServingFigures, type ServingTransport, SubscriberService } from "./subscriber-service.ts";
