// What groups have committed, over a store that answers when the test says so.

import { expect, test } from "vitest";
import { TapeReason } from "../../../src/protocol/index.ts";
import { CatalogState } from "../../../src/tape/catalog/state.ts";
import { GroupOffsets } from "../../../src/tape/index.ts";
import { KEPT, NOW_us } from "./support.ts";

// The write under way was taken for that of what had come since.
test("what is said of a group while an older word on it is written is safe with a write of its own", async () => {
  const writes: PromiseWithResolvers<void>[] = [];
  const write = (): Promise<void> => {
    const written = Promise.withResolvers<void>();
    writes.push(written);
    return written.promise;
  };
  const state = new CatalogState();
  state.apply({ kind: "topic", topic: { ...KEPT, id: 1, name: "trades", created_us: NOW_us } });
  const offsets = new GroupOffsets(state, { write });
  offsets.commit(1, "risk", 25);
  void offsets.flush();
  const safe = offsets.cut(1, 7);
  writes[0].resolve();
  await expect.poll(() => writes.length).toBe(2);
  expect(offsets.begin(1, "risk", 7)).toBeInstanceOf(Promise);
  writes[1].resolve();
  expect(await safe).toBe(TapeReason.None);
  expect(offsets.begin(1, "risk", 7)).toBeUndefined();
});
