// A node that is a replica: it follows its primary and serves nobody. It has the primary's journal, byte for byte, and its
// state, and what it acknowledges counts there.

import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import { openDataDirectory, Replica } from "../runtime/index.ts";
import type { HostPort } from "./cluster-settings.ts";
import { EXCHANGE_RULES } from "./exchange-rules.ts";
import type { Log } from "./log.ts";
import { shadowOf, snapshotListener } from "./node-snapshots.ts";
import type { Configuration } from "./settings.ts";

/** Starts following `primary`; throws SeriatimError naming what is wrong. */
export async function startReplica(
  configuration: Configuration,
  primary: HostPort,
  log: Log,
): Promise<Replica> {
  const { keys, nodeKey, segmentBytes, dataDir, snapshotEvery } = configuration;
  const directory = await openDataDirectory(dataDir);
  return new Replica({
    ...{ primary, keys, ownKey: nodeKey, segmentBytes, directory },
    rules: EXCHANGE_RULES,
    application: () => new ExchangeEngine(),
    version: EXCHANGE_APPLICATION,
    snapshots: {
      shadow: () => shadowOf(configuration, directory),
      every: snapshotEvery,
      listener: snapshotListener(log),
    },
    news: (line) => log.info({}, line),
  });
}
