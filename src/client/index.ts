export type { ListedInstrument } from "../protocol/index.ts";
export {
  connectOrderEntry,
  connectOrderPipe,
  connectResumingOrderEntry,
  connectSession,
  connectTrading,
} from "./connect.ts";
// Errors and Outstanding serve those who build on OrderPipe, as `seriatim send` does.
export { connectionLost, helloFailed, LogonRefusedError } from "./errors.ts";
export * from "./open/order-entry-client.ts";
export * from "./open/order-pipe.ts";
export { Outstanding } from "./open/outstanding.ts";
export * from "./open/resuming-client.ts";
export type { ResumingOrderEntryOptions } from "./open/resuming-options.ts";
export { type Resumable, Resumption } from "./open/resumption.ts";
export { type OrderLine, type OrderLineOptions, orderLine } from "./order-line.ts";
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
export { SessionCourse, SessionDuty } from "./session/session-course.ts";
export { type SessionKey, type Signer, signerOf } from "./session/session-key.ts";
export { SessionLedger } from "./session/session-ledger.ts";
export * from "./session/session-pipe.ts";
export type { SessionListener } from "./session/session-reader.ts";
export type * from "./session/session-values.ts";
export type { TradingOptions } from "./session/trading-options.ts";
export * from "./session/trading-session.ts";
export type {
  CancelCauseName,
  ExecutionReport,
  OpenOrder,
  OpenOrders,
  OrderStatus,
  ReportKindName,
  RequestAnswer,
} from "./session/trading-values.ts";
export * from "./socket/index.ts";
export type { TlsOptions } from "./tls-options.ts";
export type { AnswerListener } from "./wire/answer-reader.ts";
