export type { ListedInstrument } from "../protocol/index.ts";
export type { AnswerListener } from "./answer-reader.ts";
export {
  connectOrderEntry,
  connectOrderPipe,
  connectResumingOrderEntry,
  connectSession,
  connectTrading,
} from "./connect.ts";
// Errors and Outstanding serve those who build on OrderPipe, as `seriatim send` does.
export { connectionLost, helloFailed, LogonRefusedError } from "./errors.ts";
export * from "./order-entry-client.ts";
export { type OrderLine, type OrderLineOptions, orderLine } from "./order-line.ts";
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
export { SessionCourse, SessionDuty } from "./session-course.ts";
export { type SessionKey, type Signer, signerOf } from "./session-key.ts";
export { SessionLedger } from "./session-ledger.ts";
export * from "./session-pipe.ts";
export type { SessionListener } from "./session-reader.ts";
export type * from "./session-values.ts";
export * from "./socket/index.ts";
export type { TlsOptions } from "./tls-options.ts";
export type { TradingOptions } from "./trading-options.ts";
export * from "./trading-session.ts";
export type {
  CancelCauseName,
  ExecutionReport,
  OpenOrder,
  OpenOrders,
  OrderStatus,
  ReportKindName,
  RequestAnswer,
} from "./trading-values.ts";
