// Who may use the tape: the keys with topics in the keys file, its administrators, and the node itself where the tape runs in one.

import { ed25519Verifier, makeNonce } from "../platform/index.ts";
import { NODE_KEY_NAME, type TopicGrant } from "../protocol/index.ts";
import type { KeyRing } from "../runtime/index.ts";
import type { TapeAccess } from "../tape/index.ts";
import { DROP_COPY_PREFIX } from "./drop-copy/topic-source.ts";

/** Of the node's own threads: they make topics, publish and read, whatever the keys file says. */
const NODE_GRANT: TopicGrant = {
  name: NODE_KEY_NAME,
  isAdmin: true,
  topics: [{ name: "*", may: ["publish", "subscribe", "administer"] }],
  bytesPerSecond: undefined,
};

/**
 * `ownPublic`: of the key that a node makes for its own threads; undefined where the tape is the whole program. `isPublishing`: the
 * exchange's own topics are for these threads alone, whoever else may do what with all topics.
 */
export function tapeAccess(
  isOpen: boolean,
  keys: KeyRing | undefined,
  ownPublic: string | undefined,
  isPublishing = false,
): TapeAccess {
  const verifyOwn = ownPublic === undefined ? undefined : ed25519Verifier(ownPublic);
  const isOwn = (name: string) => name === NODE_KEY_NAME && verifyOwn !== undefined;
  return {
    isOpen,
    challenge: makeNonce,
    isReserved: (grant, topic) => isPublishing && grant !== NODE_GRANT && topic.startsWith(DROP_COPY_PREFIX),
    grantFor: (name) => (isOwn(name) ? NODE_GRANT : keys?.topicGrant(name)),
    isProof: (name, statement, proof) =>
      isOwn(name)
        ? (verifyOwn?.(statement, proof) ?? false)
        : (keys?.isProofOf(name, statement, proof) ?? false),
  };
}
