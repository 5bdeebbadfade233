export * from "./answers.ts";
export * from "./decimal.ts";
export * from "./error-codes.ts";
export { shownJson } from "./fields.ts";
export * from "./market-messages.ts";
export * from "./order-messages.ts";
export * from "./report-messages.ts";
export * from "./requests.ts";
export * from "./status-message.ts";
