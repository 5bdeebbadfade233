export type { MayAdminister, TopicControl } from "./administration.ts";
export { AdministratorService } from "./administrator-service.ts";
export { DELIVERY_BUFFER_BYTES } from "./delivery-pool.ts";
export type { TopicProgress } from "./progress.ts";
export { READ_RECORD_BYTES, ReadAnswers, type ReadEnd, ReadRequests, type ReadWork } from "./read-ring.ts";
export type { ReadBatches, ReadFailure, ReadsListener, StorageReads } from "./storage-reads.ts";
export type { SubscriberWish } from "./subscriber-parts.ts";
export { type ServingFigures, type ServingTransport, SubscriberService } from "./subscriber-service.ts";
export { TopicReads } from "./topic-reads.ts";
