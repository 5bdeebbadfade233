// Whether a node may listen where other machines reach it: only by TLS, and only if somebody can prove who he is. Replicas and
// administrators always do; order entry needs a trader or a reader in the keys file, and so do WebSockets, by their tokens.

import { SeriatimError } from "../base/index.ts";
import type { KeyRing } from "../runtime/index.ts";
import { isLoopback } from "./listening.ts";
import type { Configuration } from "./settings.ts";

type Exposed = Pick<Configuration, "host" | "tlsCert">;

/** Throws CONFIGURATION_INVALID (exit 2) with all that is missing. */
export function refuseExposed({ host, tlsCert }: Exposed, keys: KeyRing | undefined): void {
  if (isLoopback(host)) return;
  const traders = [...(keys?.names("trader") ?? []), ...(keys?.names("reader") ?? [])];
  const missing = [
    ...(tlsCert === "" ? ["TLS (tls-cert and tls-key)"] : []),
    ...(traders.length === 0 ? ["a trader or reader in a keys file (keys; seriatim keygen makes them)"] : []),
  ];
  if (missing.length === 0) return;
  const what = `host ${host} can be reached by other machines, which needs ${missing.join(" and ")}`;
  throw new SeriatimError("CONFIGURATION_INVALID", what, { exitCode: 2 });
}
