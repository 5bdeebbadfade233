export type { InstrumentDirectory } from "./connection.ts";
export * from "./gateway.ts";
export * from "./limits.ts";
export {
  type CommandSink,
  OrderSession,
  type SessionHost,
  SessionInput,
  SessionState,
} from "./order-session.ts";
