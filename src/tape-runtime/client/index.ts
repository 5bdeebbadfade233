export type {
  TapeAcceptedFields,
  TapeGroupInfo,
  TapeRecordHeader,
  TapeRetention,
  TapeTopicInfo,
} from "../../protocol/index.ts";
export { TapeAdministrator, type TapeAdministratorOptions } from "./administrator.ts";
export { TapeRefusedError } from "./errors.ts";
export type { TapePeerOptions, TapeReconnectOptions, TapeSigner } from "./options.ts";
export { type Published, type PublisherFigures, TapePublisher } from "./publisher.ts";
export type {
  TapeAckLevel,
  TapeOrder,
  TapePublisherOptions,
  TapePublisherState,
  TapeRecordInput,
  TapeRecordOptions,
} from "./publisher-options.ts";
export type { DamagedBatch, ReceivedBatch, TapeRecord } from "./received-batch.ts";
export { TapeSubscriber } from "./subscriber.ts";
export type { TapeStart, TapeSubscriberOptions, TapeSubscriberState } from "./subscriber-options.ts";
