// Who may do what on the tape, as far as a broker has to know. Whose keys they are, and where they lie, is its caller's.

import {
  mayUseTopic,
  type TapeHelloFields,
  type TapeRequest,
  TapeRole,
  type TopicGrant,
} from "../../protocol/index.ts";

export interface TapeAccess {
  /** Whether who names no key may do everything: where none but this machine can connect. */
  readonly isOpen: boolean;
  /** 32 bytes that were never used before. */
  challenge(): Uint8Array;
  /** What the key of that name may do; undefined: there is none. */
  grantFor(name: string): TopicGrant | undefined;
  /** Whether `proof` signs `statement` by the key of `name`. */
  isProof(name: string, statement: Uint8Array, proof: Uint8Array): boolean;
  /** Whether the topic is another's own: whoever has `grant` may neither publish to it nor make or delete it, whatever its rules say. */
  isReserved?(grant: TopicGrant, topic: string): boolean;
}

/** Of whoever connects where `isOpen`. */
export const OPEN_GRANT: TopicGrant = {
  name: "",
  isAdmin: true,
  topics: [{ name: "*", may: ["publish", "subscribe", "administer"] }],
  bytesPerSecond: undefined,
};

/** Whether `grant` lets somebody in for what its Hello asks; an administrator's topics are looked at request by request. */
export function mayEnter(access: TapeAccess, grant: TopicGrant, { role, topic }: TapeHelloFields): boolean {
  switch (role) {
    case TapeRole.Publisher:
      return mayUseTopic(grant, topic, "publish") && access.isReserved?.(grant, topic) !== true;
    case TapeRole.Subscriber:
      return mayUseTopic(grant, topic, "subscribe");
    default:
      return grant.isAdmin || grant.topics.some(({ may }) => may.includes("administer"));
  }
}

/** Whether what a Hello asks would be let in, were the topic not another's own. */
export function meetsReserved(
  access: TapeAccess,
  grant: TopicGrant,
  { role, topic }: TapeHelloFields,
): boolean {
  return role === TapeRole.Publisher && access.isReserved?.(grant, topic) === true;
}

/** Whether an administrator with `grant` may have `request` carried out on the topic. */
export function mayAdminister(
  access: TapeAccess,
  grant: TopicGrant,
  topic: string,
  request: TapeRequest["do"],
): boolean {
  const changesHands = request === "create" || request === "delete";
  if (changesHands && access.isReserved?.(grant, topic) === true) return false;
  return mayUseTopic(grant, topic, "administer");
}
