// Where an exchange may be: several addresses, tried in turn by whoever connects again.

import { checkInteger, checkObject, checkText, invalidArgument } from "./errors.ts";

const ADDRESSES_MAX = 16;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The addresses with what they leave open; throws SeriatimError `INVALID_ARGUMENT`. */
export function checkAddresses(addresses: unknown): Address[] {
  if (!Array.isArray(addresses) || addresses.length === 0 || addresses.length > ADDRESSES_MAX)
    throw invalidArgument(`addresses must be a list of 1 to ${ADDRESSES_MAX}`);
  return addresses.map((address) => {
    checkObject("an address", address);
    const { host = "127.0.0.1", port } = address;
    checkText("host", host);
    checkInteger("port", port, 1, 65_535);
    return { host, port };
  });
}

/** Which address is tried, and how many rounds through all of them have failed. */
export class AddressRounds {
  /** Where to connect to, or where the connection is. */
  address = 0;
  readonly #count: number;
  /** Connections that were lost or never came about since one got on. */
  #attempts = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** A connection got on: what failed before it counts no more. */
  gotOn(): void {
    this.#attempts = 0;
  }

  /** The connection failed: the next address is due, at once (0) or as the end of this many rounds that failed. */
  failed(): number {
    this.address = (this.address + 1) % this.#count;
    this.#attempts++;
    return this.#attempts % this.#count === 0 ? this.#attempts / this.#count : 0;
  }
}
