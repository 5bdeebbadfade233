export * from "./ack-policy.ts";
export * from "./ack-view.ts";
export * from "./node-rows.ts";
