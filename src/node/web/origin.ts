// Which web pages may open a WebSocket here. Browsers let any page connect to any address and say by `Origin` whose page
// it is; programs send none. A page is ours when its origin is the very host and port that was asked. That alone
// would let in a page whose own name was made to point here (DNS rebinding), so the name must be one that nobody else
// can own: an IP address, localhost, or the host this node was told to listen on.

import { isIP } from "node:net";

/** Whether a connection with these headers may be made; `listening` is the setting `host`. */
export function originIsAllowed(
  origin: string | undefined,
  host: string | undefined,
  listening: string,
): boolean {
  if (origin === undefined) return true;
  const page = urlOf(origin);
  const asked = urlOf(`http://${host ?? ""}`);
  if (page === undefined || asked === undefined || page.host !== asked.host) return false;
  const name = asked.hostname.replace(/^\[|\]$/g, "");
  return isIP(name) !== 0 || name === "localhost" || name === listening.toLowerCase();
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
