export type { TickClientListener, TickClientOptions } from "./options.ts";
export { TickClient } from "./tick-client.ts";
