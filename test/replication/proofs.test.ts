// A proof holds for the bytes that were said, also for those that have a meaning only in a later version: a node of that version would
// otherwise be no node of the cluster (NotAuthorised ends a replica), and nobody could be upgraded one by one.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { RefusalCode, ReplicationType } from "../../src/protocol/index.ts";
import { AskingSession, ServingSession } from "../../src/replication/index.ts";
import { checksums, Pair, Pipe, PrimaryNode, ReplicaNode, rows } from "./support.ts";

const HEADER_BYTES = 16;
const STATEMENT_HEAD_BYTES = 32;
const NONCE_BYTES = 32;
const PROOF_BYTES = 64;

/**
 * A node that signs and says one bit more in its messages of `type`, which is reserved in this version: bit 7 of the byte at `at` of
 * the body. `ofBytes`: of what its statement holds before the body.
 */
function sayMore(node: PrimaryNode | ReplicaNode, type: ReplicationType, at: number, ofBytes: number): Pipe {
  const { prove, isProof } = node.keys;
  const out = new Pipe();
  const write = out.write.bind(out);
  const more = (statement: Uint8Array): Uint8Array => {
    const said = statement.slice();
    said[STATEMENT_HEAD_BYTES + ofBytes + at] |= 0x80;
    return said;
  };
  Object.assign(node, { keys: { isProof, prove: (statement: Uint8Array) => prove(more(statement)) } });
  out.write = (bytes) => {
    const message = bytes.slice();
    if (message[8] === type) {
      message[HEADER_BYTES + at] |= 0x80;
      new DataView(message.buffer).setUint32(4, checksums.crc32c(message.subarray(8)), true);
    }
    write(message);
  };
  return out;
}

function exchange(serving: ServingSession, down: Pipe, receive: (bytes: Uint8Array) => void, up: Pipe): void {
  const prng = new Prng(1);
  for (let i = 0; i < 8; i++) {
    down.deliver(prng, receive);
    up.deliver(prng, (bytes) => serving.received(bytes, 0));
  }
}

test("a Logon with a flag of a later version is let in", () => {
  const [primary, replica] = [new PrimaryNode(), new ReplicaNode()];
  const up = sayMore(replica, ReplicationType.Logon, 4, NONCE_BYTES);
  const pair = new Pair(primary, replica, 0, { up });
  pair.settle();
  expect([pair.serving.ended, rows(primary).length]).toEqual([undefined, 1]);
});

test("a Standing with something of a later version is believed", () => {
  const primary = new PrimaryNode();
  const down = sayMore(primary, ReplicationType.Standing, 40, NONCE_BYTES);
  const up = new Pipe();
  const serving = new ServingSession(primary, down, 0);
  const asking = new AskingSession(new ReplicaNode(), up, 0);
  exchange(serving, down, (bytes) => asking.received(bytes), up);
  expect(asking.ended).toEqual({ kind: "closed" });
  expect(asking.standing).toMatchObject({ name: "north", position: primary.writer.position });
});

test("a Refusal with something of a later version is a proved one", () => {
  const primary = new PrimaryNode();
  primary.primary = undefined;
  const down = sayMore(primary, ReplicationType.Refusal, 7, PROOF_BYTES);
  const pair = new Pair(primary, new ReplicaNode(), 0, { down });
  pair.settle();
  const { NotPrimary } = RefusalCode;
  expect(pair.following.ended).toMatchObject({ kind: "refused by peer", code: NotPrimary, isProved: true });
});
