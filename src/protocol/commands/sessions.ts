// Session commands: what a gateway says of the sessions that log on and end, so that the log knows who is connected, and every
// node decides the same when one is gone. Taken only when they are byte for byte what this version's writer makes. Cold path:
// plain objects.

import { assert, U32_MAX } from "../../base/index.ts";
import { getWho, isWho, putWho } from "./administration.ts";
import { readTimestamp, writeTimestamp } from "./codec.ts";
import {
  COMMAND_BYTES,
  COMMAND_WORDS,
  CommandKind,
  SESSION_FLAGS,
  SessionEndLayout,
  SessionOpenLayout,
} from "./layout.ts";

/** Why a session ends, by name, and its number in a record. */
const SessionEndCode = { logout: 1, disconnected: 2, dead_man: 3, node_lost: 4 } as const;
export type SessionEndCause = keyof typeof SessionEndCode;
export const SESSION_END_CAUSES = Object.keys(SessionEndCode) as SessionEndCause[];

/** `session`: the connection's number, u64. `flags`: SessionFlag. `who`: the name of the key that logged on. */
export interface SessionOpen {
  readonly kind: "session_open";
  readonly account: number;
  readonly session: bigint;
  readonly who: string;
  readonly instance: number;
  readonly flags: number;
  /** 0 = none. */
  readonly deadMan_ms: number;
}
export interface SessionEnd {
  readonly kind: "session_end";
  readonly account: number;
  readonly session: bigint;
  readonly cause: SessionEndCause;
}
export type SessionCommand = SessionOpen | SessionEnd;

/** Writes a session command. Its caller has checked name, flags and ranges. */
export function writeSessionCommand(words: Int32Array, at: number, command: SessionCommand): void {
  words.fill(0, at, at + COMMAND_WORDS);
  const view = recordView(words, at);
  if (command.kind === "session_end") {
    view.setUint8(SessionEndLayout.kind, CommandKind.SessionEnd);
    view.setUint8(SessionEndLayout.cause, SessionEndCode[command.cause]);
    view.setUint32(SessionEndLayout.account, command.account, true);
    view.setBigUint64(SessionEndLayout.session, command.session, true);
    return;
  }
  assert(isWho(command.who), "a name is 1-16 printable characters without a space");
  assert((command.flags & ~SESSION_FLAGS) === 0 && command.deadMan_ms <= U32_MAX, "a session in range");
  view.setUint8(SessionOpenLayout.kind, CommandKind.SessionOpen);
  view.setUint8(SessionOpenLayout.flags, command.flags);
  view.setUint32(SessionOpenLayout.account, command.account, true);
  view.setUint32(SessionOpenLayout.instance, command.instance, true);
  view.setUint32(SessionOpenLayout.deadMan_ms, command.deadMan_ms, true);
  putWho(view, SessionOpenLayout.who, command.who);
  view.setBigUint64(SessionOpenLayout.session, command.session, true);
}

/** The session command at word offset `at`, or undefined when it is none of this version. */
export function checkSessionCommand(words: Int32Array, at: number): SessionCommand | undefined {
  const command = readSessionCommand(recordView(words, at));
  if (command === undefined) return undefined;
  const again = new Int32Array(COMMAND_WORDS);
  writeSessionCommand(again, 0, command);
  writeTimestamp(again, 0, readTimestamp(words, at));
  return again.every((word, i) => word === words[at + i]) ? command : undefined;
}

function readSessionCommand(view: DataView): SessionCommand | undefined {
  const code = view.getUint8(SessionOpenLayout.kind);
  const account = view.getUint32(SessionOpenLayout.account, true);
  const session = view.getBigUint64(SessionOpenLayout.session, true);
  if (code === CommandKind.SessionEnd) {
    const number = view.getUint8(SessionEndLayout.cause);
    const cause = SESSION_END_CAUSES.find((name) => SessionEndCode[name] === number);
    return cause && { kind: "session_end", account, session, cause };
  }
  const who = getWho(view, SessionOpenLayout.who);
  const flags = view.getUint8(SessionOpenLayout.flags);
  if (code !== CommandKind.SessionOpen || who === undefined || who === "") return undefined;
  if ((flags & ~SESSION_FLAGS) !== 0) return undefined;
  const instance = view.getUint32(SessionOpenLayout.instance, true);
  const deadMan_ms = view.getUint32(SessionOpenLayout.deadMan_ms, true);
  return { kind: "session_open", account, session, who, instance, flags, deadMan_ms };
}

function recordView(words: Int32Array, at: number): DataView {
  return new DataView(words.buffer, words.byteOffset + at * 4, COMMAND_BYTES);
}
