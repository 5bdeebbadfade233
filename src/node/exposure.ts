// Whether a node may listen where other machines reach it: only by TLS, and only if somebody can prove who he is. Replicas and
// administrators always do; order entry needs a trader or a reader in the keys file, and so do WebSockets, by their tokens; the tape
// needs a key with topics.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkWords, SeriatimError } from "../base/index.ts";
import type { KeyRing } from "../runtime/index.ts";
import type { TapeConfiguration } from "./configuration.ts";
import { isLoopback } from "./listening.ts";
import type { Configuration } from "./settings.ts";

type Exposed = Pick<Configuration, "host" | "tlsCert">;

/** Asked first: who could reach a host that there is not is no question. Throws CONFIGURATION_INVALID (exit 2). */
export async function refuseUnknownHost(setting: string, host: string): Promise<void> {
  if (isLoopback(host) || isIP(host) !== 0) return;
  try {
    await lookup(host);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const what = `${setting} ${host} can't be listened on: ${networkWords(code, message)}`;
    throw new SeriatimError("CONFIGURATION_INVALID", what, { exitCode: 2, cause });
  }
}

/** As refuseExposed, of a tape, which somebody with topics has to be able to log on to. `setting`: the name of its host's. */
export function refuseExposedTape(
  { tapeHost, tlsCert }: Pick<TapeConfiguration, "tapeHost" | "tlsCert">,
  keys: KeyRing | undefined,
  setting: string,
): void {
  const users = keys?.entries.filter(({ topics = [] }) => topics.length > 0) ?? [];
  const key = users.length === 0 ? "a key with topics in a keys file (keys; seriatim keygen makes them)" : "";
  refuseReachable(setting, tapeHost, tlsCert, key);
}

/** Throws CONFIGURATION_INVALID (exit 2) with all that is missing. */
export function refuseExposed({ host, tlsCert }: Exposed, keys: KeyRing | undefined): void {
  const traders = [...(keys?.names("trader") ?? []), ...(keys?.names("reader") ?? [])];
  const key =
    traders.length === 0 ? "a trader or reader in a keys file (keys; seriatim keygen makes them)" : "";
  refuseReachable("host", host, tlsCert, key);
}

/** `key`: what the keys file lacks; "": nothing. */
function refuseReachable(setting: string, host: string, tlsCert: string, key: string): void {
  if (isLoopback(host)) return;
  const missing = [...(tlsCert === "" ? ["TLS (tls-cert and tls-key)"] : []), ...(key === "" ? [] : [key])];
  if (missing.length === 0) return;
  const what = `${setting} ${host} can be reached by other machines, which needs ${missing.join(" and ")}`;
  throw new SeriatimError("CONFIGURATION_INVALID", what, { exitCode: 2 });
}
