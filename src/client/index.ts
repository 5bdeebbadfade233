export type { ListedInstrument } from "../protocol/index.ts";
export type { AnswerListener } from "./answer-reader.ts";
export { connectOrderEntry, connectOrderPipe, connectResumingOrderEntry } from "./connect.ts";
// Errors and Outstanding serve those who build on OrderPipe, as `seriatim send` does.
export { connectionLost, helloFailed } from "./errors.ts";
export * from "./order-entry-client.ts";
export * from "./order-pipe.ts";
export type {
  CancelledEvent,
  CancelOrder,
  FillEvent,
  ModifyOrder,
  NewOrder,
  OrderAnswer,
  OrderId,
  OrderPrice,
} from "./order-values.ts";
export { idOf } from "./order-values.ts";
export { Outstanding } from "./outstanding.ts";
export * from "./resuming-client.ts";
export type { ResumingOrderEntryOptions } from "./resuming-options.ts";
export { type Resumable, Resumption } from "./resumption.ts";
export * from "./socket/index.ts";
