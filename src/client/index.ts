export type { ListedInstrument } from "../protocol/index.ts";
export type { AnswerListener } from "./answer-reader.ts";
export { connectionLost, helloRefused } from "./errors.ts";
export * from "./order-entry-client.ts";
export * from "./order-pipe.ts";
export type {
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
