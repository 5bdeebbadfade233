export { mayAdminister, OPEN_GRANT, type TapeAccess } from "./access.ts";
export { ByteRate } from "./byte-rate.ts";
export { BatchDrain, type DrainSession, DrainState, type HandOver } from "./drain.ts";
export { Handshake, HandshakeState } from "./handshake.ts";
export { BATCH_us } from "./holder-deadlines.ts";
export type { PublishedTopic, PublisherTerms } from "./publisher.ts";
export type { CommitQueue, PublisherFigures, PublisherServiceOptions } from "./publisher-parts.ts";
export { PublisherService } from "./publisher-service.ts";
export { HELD_us, SILENT_us } from "./publisher-watch.ts";
