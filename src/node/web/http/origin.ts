// Which web pages may open a WebSocket here. Browsers let any page connect to any address and say by `Origin` whose page
// it is; programs send none. A page is ours when its origin is the very host and port that was asked. That alone
// would let in a page whose own name was made to point here (DNS rebinding), so the name must be one that nobody else
// can own: an IP address, localhost, the host this node was told to listen on, or, of a page that came by TLS, a name in this
// node's certificate (no wildcard's: other names of it are others' perhaps).

import { isIP } from "node:net";

/** Of a certificate, which names it has. */
export interface CertificateNames {
  checkHost(name: string, options: { readonly wildcards: false }): string | undefined;
}

/** Whether a connection with these headers may be made; `listening` is the setting `host`, `certificate` that of TLS. */
export function originIsAllowed(
  origin: string | undefined,
  host: string | undefined,
  listening: string,
  certificate?: CertificateNames,
): boolean {
  if (origin === undefined) return true;
  const page = urlOf(origin);
  const asked = urlOf(`http://${host ?? ""}`);
  if (page === undefined || asked === undefined || page.host !== asked.host) return false;
  const name = asked.hostname.replace(/^\[|\]$/g, "");
  if (isIP(name) !== 0 || name === "localhost" || name === listening.toLowerCase()) return true;
  return page.protocol === "https:" && certificate?.checkHost(name, { wildcards: false }) !== undefined;
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
