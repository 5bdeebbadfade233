// A broker of the tape with everything it stands on, by its settings: rights, TLS, data directory and lock. It runs on the thread that
// starts it: a tape alone has the main thread, a node's a thread of its own (tape-worker.ts).
//
//   start:  directory, lock -> broker      stop:  broker -> lock released

import type { Clock, SeriatimError } from "../base/index.ts";
import { SystemClock, type TlsIdentity } from "../platform/index.ts";
import type { KeyEntry } from "../protocol/index.ts";
import { type HostPort, KeyRing, readKeyRing } from "../runtime/index.ts";
import type { TapeFigures } from "../tape/index.ts";
import { openTapeDirectory, TapeBroker } from "../tape-runtime/index.ts";
import { watchCertificate } from "./certificate-notice.ts";
import type { TapeConfiguration } from "./configuration.ts";
import { refuseTooFewForTape } from "./descriptors.ts";
import { refuseExposedTape, refuseUnknownHost } from "./exposure.ts";
import { assertPortFree, isLoopback, reachableHost } from "./listening.ts";
import type { Log } from "./log.ts";
import { RareNotices } from "./rare-notices.ts";
import { tapeAccess } from "./tape-access.ts";
import type { TapeSettings } from "./tape-settings.ts";
import { readTls } from "./tls.ts";

const HOUR_US = 3_600_000_000;
const LOOPBACK = "127.0.0.1";

/** What a broker is started with: plain values, which a thread can be told. */
export interface TapeProgramOptions {
  readonly directory: string;
  readonly settings: TapeSettings;
  /** Public keys. */
  readonly keys: readonly KeyEntry[];
  /** Public part of the key of the node's own threads. */
  readonly ownKey: string | undefined;
  readonly tls: TlsIdentity | undefined;
}

export interface TapeProgram {
  readonly port: number;
  /** Where threads of this process connect, by plain TCP. */
  readonly own: HostPort;
  /** Resolves with what ended it, if anything ever does. */
  readonly failed: Promise<SeriatimError>;
  figures(): TapeFigures;
  /** Orderly, within bounds: what has come whole is committed and acknowledged. Rejects, when all is closed, with what failed. */
  stop(): Promise<void>;
}

/** Asked before anything is written. Throws SeriatimError (exit 2, or as listenOn) naming what is wrong; `prefix`: of the settings' names. */
export async function refuseTape(
  { tapeHost, tapePort, tlsCert }: Pick<TapeConfiguration, "tapeHost" | "tapePort" | "tlsCert">,
  keys: KeyRing | undefined,
  prefix: "tape-" | "",
): Promise<void> {
  await refuseUnknownHost(`${prefix}host`, tapeHost);
  refuseExposedTape({ tapeHost, tlsCert }, keys, `${prefix}host`);
  await assertPortFree(`${prefix}port`, tapeHost, tapePort);
}

/**
 * Throws SeriatimError naming what is wrong, with everything closed again. `onNotice`: of a topic that can't be opened or takes nothing
 * more; the others go on.
 */
export async function startTapeProgram(
  options: TapeProgramOptions,
  onNotice: (error: SeriatimError) => void,
): Promise<TapeProgram> {
  const { directory, settings, ownKey, tls } = options;
  const lock = await openTapeDirectory(directory);
  try {
    const broker = await TapeBroker.start({ ...brokerOptionsOf(options), directory, lock, onNotice });
    const [port, inner = port] = broker.ports;
    const host = tls === undefined || ownKey === undefined ? reachableHost(settings.tapeHost) : LOOPBACK;
    return {
      port,
      own: { host, port: inner },
      failed: broker.failed,
      figures: () => broker.figures(),
      stop: () => broker.stop().finally(() => lock.release()),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function brokerOptionsOf({ settings, keys, ownKey, tls }: TapeProgramOptions) {
  // A tape that is the whole program has nothing to publish.
  const { tapeHost: host, tapePort: port, tapeRetainHours, tapePublish = [] } = settings;
  const ring = keys.length === 0 ? undefined : new KeyRing(keys);
  const outer = { host, port, tls };
  // Between threads of one process TLS would prove nothing.
  const inner = { host: LOOPBACK, port: 0, tls: undefined };
  return {
    listeners: tls === undefined || ownKey === undefined ? [outer] : [outer, inner],
    access: tapeAccess(isLoopback(host), ring, ownKey, tapePublish.length > 0),
    stagingBuffers: settings.tapeStaging,
    deliveryBuffers: settings.tapeDelivery,
    workers: settings.tapeWorkers,
    segmentBytes: settings.tapeSegmentBytes,
    retain: { bytes: settings.tapeRetainBytes, age_us: tapeRetainHours * HOUR_US },
    lease_ms: settings.tapeLeaseMs,
    connectionsMax: settings.tapeConnectionsMax,
    clock: new SystemClock(),
  };
}

/** What tape-start.ts promises. */
export async function startTapeAlone(
  configuration: TapeConfiguration,
  log: Log,
  clock: Clock,
): Promise<TapeProgram> {
  refuseTooFewForTape(configuration.tapeConnectionsMax);
  const settings = { ...configuration, tlsCa: "", nodeKey: "" };
  const { identity, expires_us } = readTls(settings, clock.wallMicros());
  const keys = configuration.keys === "" ? undefined : readKeyRing(configuration.keys, "keys");
  await refuseTape(configuration, keys, "");
  const options = {
    directory: configuration.tapeDataDir,
    settings: configuration,
    keys: keys?.entries ?? [],
    ownKey: undefined,
    tls: identity,
  };
  const program = await startTapeProgram(options, new RareNotices((line) => log.error(line)).add);
  const unwatchCertificate = watchCertificate(expires_us, clock, log);
  return { ...program, stop: () => program.stop().finally(unwatchCertificate) };
}
