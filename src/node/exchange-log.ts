// What the log says of an exchange, a primary's or one that is alone: each line with its level, and how often. A state shows in health
// and metrics at once (condition.ts); what comes and goes is said when it has lasted, and what clients do again and again is counted.

import type { SeriatimError } from "../base/index.ts";
import type { Closing, GatewayOptions } from "../gateway/index.ts";
import type { Runtime, TenureBegun } from "../runtime/index.ts";
import { ConnectionLog } from "./connection-log.ts";
import { DegradedNotice } from "./degraded-notice.ts";
import { FullNotice } from "./full-notice.ts";
import type { Log } from "./log.ts";
import { StallNotice } from "./stall-notice.ts";
import { TakenOutLog } from "./taken-out-log.ts";

/** Of the order port's transport. */
interface Crowd {
  readonly timesFull: number;
  readonly isFull: boolean;
}

/** Where it is in its order of commands, and whether it goes on. */
type Places = Pick<Runtime, "position" | "path" | "stall">;

export class ExchangeLog {
  readonly #log: Log;
  readonly #places: Places;
  readonly #connections: ConnectionLog;
  readonly #takenOut: TakenOutLog;
  readonly #degraded: DegradedNotice;
  readonly #full: FullNotice;
  readonly #stall: StallNotice;

  constructor(log: Log, places: Places, connectionsMax: number) {
    this.#log = log;
    this.#places = places;
    this.#takenOut = new TakenOutLog((fields, text) => log.info(fields, text));
    this.#connections = new ConnectionLog(log, "connection");
    this.#degraded = new DegradedNotice({
      degraded: (why) => log.warn({ position: places.position }, `orders are refused: ${why}`),
      // What it ends was said every five seconds: who doesn't see this line sees it by that.
      over: () =>
        log.info({ position: places.position }, "orders are taken: what the ack policy asks for is there"),
    });
    this.#stall = new StallNotice(log, () => places.position);
    this.#full = new FullNotice({
      full: () =>
        log.warn({ connectionsMax }, "as many connections as may be: who comes now finds the port closed"),
      room: () => log.warn({ connectionsMax }, "there is room for connections again"),
    });
  }

  // ---- its clients

  /** What its gateway tells. */
  get ofLogons(): Pick<NonNullable<GatewayOptions["logons"]>, "onTakenOut" | "onLogon"> {
    return {
      onTakenOut: (taken) => this.#takenOut.add(taken),
      onLogon: (logon) => this.#connections.loggedOn(logon),
    };
  }

  readonly closing = (closing: Closing): void => this.#connections.closing(closing);

  /** Some times a second. */
  tickOften(now_us: number, { timesFull, isFull }: Crowd): void {
    this.#connections.tick(now_us);
    this.#takenOut.tick();
    this.#full.tick(timesFull, isFull, now_us);
  }

  /** Once a second. */
  tick(now_us: number): void {
    this.#degraded.tick(now_us);
    this.#stall.tick(this.#places.stall, now_us);
  }

  keysAreBeyond(keys: readonly string[], accountsMax: number): void {
    if (keys.length > 0) this.#log.warn({ keys, accountsMax }, "keys are for accounts that there are not");
  }

  // ---- its journal and its cluster

  roomChanged(why: string | undefined): void {
    const { position } = this.#places.path;
    if (why === undefined) this.#log.warn({ position }, "there is room for the log again: orders are taken");
    else this.#log.error({ position }, `no room for the log to grow, orders are refused: ${why}`);
  }

  ackShortage(why: string | undefined, now_us: number): void {
    this.#degraded.changed(why, now_us);
  }

  leads({ epoch, position, forcedBy }: TenureBegun): void {
    if (forcedBy === undefined) this.#log.info({ epoch, position }, "leads");
    else
      this.#log.warn(
        { epoch, position, forcedBy },
        "leads by force: what others hold and could not say is lost",
      );
  }

  replicaNews(line: string, isWarning = false): void {
    this.#log[isWarning ? "warn" : "info"]({ position: this.#places.position }, line);
  }

  clockIsBehind(by_us: number): void {
    const what = "the log is ahead of the wall clock: commands get the log's last time until it catches up";
    this.#log.warn({ ahead_s: Math.round(by_us / 1e6) }, what);
  }

  // ---- its end

  failed({ message }: SeriatimError): void {
    const { position, releasedPosition } = this.#places.path;
    this.#log.error({ position, released: releasedPosition }, message);
  }

  stopped(): void {
    this.#log.info({ position: this.#places.path.position }, "stopped");
  }
}
