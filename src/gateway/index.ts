export type { Access, Authenticator, Grant } from "./access.ts";
export type { Closing } from "./closing.ts";
export type { InstrumentDirectory } from "./connection.ts";
export * from "./gateway.ts";
export type { GatewayOptions } from "./gateway-options.ts";
export * from "./limits.ts";
export { type AttemptLimits, LogonAttempts } from "./logon-attempts.ts";
export type { TakenOut } from "./logons.ts";
export {
  type CommandSink,
  OrderSession,
  type SessionHost,
  SessionInput,
  SessionState,
} from "./order-session.ts";
export type { KnownSession, OwnOrder, ReportSource, ReportStream } from "./report-source.ts";
