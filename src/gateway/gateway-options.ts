// What a gateway is made from, and what it tells its user.

import type { Transport } from "../base/index.ts";
import type { Closing } from "./closing.ts";
import type { InstrumentDirectory } from "./connection.ts";
import type { GatewayLimits } from "./limits.ts";
import type { LogonsOptions } from "./logged-on/logons.ts";
import type { CommandSink } from "./order-session.ts";

export interface GatewayOptions {
  readonly transport: Transport;
  readonly sink: CommandSink;
  readonly directory: InstrumentDirectory;
  readonly limits: GatewayLimits;
  /**
   * Sessions are numbered from here (u32): the high lane is this plus the count of connections so far. A node
   * that starts above all it finds in its log never gives a number of its log again; when there is no further one,
   * connections are turned away.
   */
  readonly firstSession?: number;
  /** Who may log on, and what those read; without it nobody can, and who connects may say that he is anybody. */
  readonly logons?: LogonsOptions;
  /** Told of every connection that ends, and why, when nothing more is taken from it. */
  readonly onClosing?: (closing: Closing) => void;
}
