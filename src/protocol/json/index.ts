export * from "./answers.ts";
export * from "./decimal.ts";
export * from "./error-codes.ts";
export * from "./requests.ts";
