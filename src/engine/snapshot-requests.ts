// The section of a snapshot that holds what was answered to requests whose numbers are used once: which field is which
// word, and reading it back. Like the rest of it (snapshot-restore.ts), only what a writer makes is taken.

import { CommandKind, Reason } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { REQUEST_ACCOUNTS_MAX, REQUEST_CONTENT, REQUESTS_REMEMBERED, RequestWord } from "./request-memory.ts";
import { SnapshotRequest, SnapshotSection } from "./snapshot-layout.ts";
import type { SnapshotReader } from "./snapshot-reader.ts";

const { request, kind, symbol, orderId, price, quantity, sequence } = SnapshotRequest;
/** Where the content of a remembered request lies, in the order of REQUEST_CONTENT. */
const CONTENT_FIELDS = [kind, symbol, orderId, orderId + 4, price, price + 4, quantity];

/** Byte offsets in the record, and the words of a window that they hold. */
export const REQUEST_FIELDS: readonly (readonly [field: number, word: number])[] = [
  [request, RequestWord.requestLow],
  [request + 4, RequestWord.requestHigh],
  ...REQUEST_CONTENT.map((_, i) => [CONTENT_FIELDS[i], RequestWord.content + i] as const),
  [sequence, RequestWord.sequenceLow],
  [sequence + 4, RequestWord.sequenceHigh],
];

const REASON_MAX = Math.max(...Object.values(Reason));

export function restoreRequests(state: ExchangeState, reader: SnapshotReader): void {
  const count = reader.section(SnapshotSection.Requests, SnapshotRequest.bytes);
  let account = -1;
  let accounts = 0;
  for (let i = 0; i < count; i++) {
    const at = reader.take(SnapshotRequest.bytes, "request");
    const next = restoreAccount(state, reader, at);
    if (next < account) reader.refuse(at, "a request behind those of a later account");
    if (next > account && ++accounts > REQUEST_ACCOUNTS_MAX)
      reader.refuse(at, `requests of more than ${REQUEST_ACCOUNTS_MAX} accounts`);
    account = next;
    checkRequest(state, reader, at);
    restoreRequest(state, reader, at, account);
  }
}

function restoreAccount({ genesis }: ExchangeState, reader: SnapshotReader, at: number): number {
  const account = reader.u32(at + SnapshotRequest.account);
  if (account >= genesis.accountsMax)
    reader.refuse(at, `a request of account ${account}, of ${genesis.accountsMax} accounts`);
  return account;
}

/** A request of a trader, that was accepted by an event there was, or refused for a reason there is. */
function checkRequest(state: ExchangeState, reader: SnapshotReader, at: number): void {
  const code = reader.u8(at + kind);
  if (code < CommandKind.NewOrder || code > CommandKind.MassCancel)
    reader.refuse(at, `a request of kind ${code}`);
  const reason = reader.u8(at + SnapshotRequest.reason);
  const accepted = reader.u64(at + sequence);
  if (accepted > state.events.sequence || reason > REASON_MAX || (accepted === 0) === (reason === 0))
    reader.refuse(at, "a request with an answer that no engine gives");
  reader.refuseUnknown(at + SnapshotRequest.reserved, at + SnapshotRequest.bytes, "a request");
}

function restoreRequest(state: ExchangeState, reader: SnapshotReader, at: number, account: number): void {
  const window = state.requests.window(account)!;
  const [low, high] = [reader.u32(at + request), reader.u32(at + request + 4)];
  const { count } = window;
  if (window.place(low, high) !== count)
    reader.refuse(at, "a request behind one with a higher number, or with its number");
  if (count === REQUESTS_REMEMBERED)
    reader.refuse(at, `more than ${REQUESTS_REMEMBERED} requests of account ${account}`);
  const to = window.insert(count);
  for (const [field, word] of REQUEST_FIELDS) window.words[to + word] = reader.u32(at + field);
  window.words[to + RequestWord.reason] = reader.u8(at + SnapshotRequest.reason);
}
