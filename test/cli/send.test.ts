import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { U32_MAX } from "../../src/base/index.ts";
import { planFlow } from "../../src/cli/flow-plan.ts";
import { FlowSender } from "../../src/cli/flow-sender.ts";
import { accountMeant } from "../../src/cli/logon-options.ts";
import { exchangeAddress } from "../../src/cli/send.ts";
import {
  CommandKind,
  MessageType,
  parseFlow,
  Reason,
  ReportFlag,
  ReportKind,
} from "../../src/protocol/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { type Script, type ScriptedServer, say, startScriptedServer } from "../client/scripted-server.ts";
import { ALICE, type SessionServer, startSessionServer } from "../client/session-server.ts";

type Peer = SessionServer["peers"][number];

const sessions: SessionServer[] = [];
const HEAD = "version 1\nmeta seed 1 symbols 2 orders 9 max_qty 20 max_notional 1000\n";
const servers: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of [...servers.splice(0), ...sessions.splice(0)]) await server.close();
});

/** An exchange with symbols A (0) and B (1). */
function exchange(answer: Script): Script {
  return (frame, socket) => {
    if (frame.type === MessageType.Hello) return [say.helloAck(frame.id, 1)];
    if (frame.type === MessageType.Instruments) return [say.instrument(0, "A"), say.instrument(1, "B")];
    return answer(frame, socket);
  };
}

async function send(script: Script, texts: string[], options: { account?: number; window?: number } = {}) {
  const server = await startScriptedServer(script);
  servers.push(server);
  const { account = 0, window = 8 } = options;
  let printed = "";
  const print = (text: string) => {
    printed += text;
    return true;
  };
  const flows = texts.map((text, i) => planFlow(`${i + 1}.txt`, parseFlow(text, `${i + 1}.txt`), account));
  const sender = new FlowSender({ host: "127.0.0.1", port: server.port, account, window, print });
  const failure = await sender.send(flows).catch((error: Error) => error.message);
  return { server, failure, lines: printed.split("\n").slice(0, -1) };
}

const ACCEPTING = (): Script => {
  let sequence = 0;
  return exchange(({ id }) => [say.ack(id, ++sequence)]);
};

test("answers are printed in the flow's words, with the flow's own symbol numbers", async () => {
  const flow = `${HEAD}cmd reg B
cmd limit 0 1 S 100 5 GTC
cmd limit 0 2 B 101 7 IOC
cmd market 0 3 B 1
cmd modify 0 1 99 4
cmd cancel 0 1
`;
  const script = exchange(({ type, id }) => {
    if (id === 2) return [say.ack(2, 2), say.fill(2, 1, 100, 5, 3), say.restingFill(9, 9, 1, 1, 3)];
    if (id === 3) return [say.reject(3, Reason.InvalidQuantity)];
    if (type === MessageType.CancelOrder) return [say.reject(id, Reason.UnknownOrder)];
    return [say.ack(id, type === MessageType.Modify ? 4 : 1)];
  });
  const { lines, failure, server } = await send(script, [flow]);
  expect(failure).toBeUndefined();
  expect(lines).toEqual([
    "evt accept 1 0 1",
    "evt accept 2 0 2",
    "evt trade 3 0 2 1 100 5",
    "reject new_market 3 InvalidQuantity",
    "evt modify 4 0 1",
    "reject cancel 1 UnknownOrder",
  ]);
  expect(server.frames.filter((f) => f.symbol !== undefined).map((f) => f.symbol)).toEqual([1, 1, 1, 1, 1]);
});

test("logged on with a key the same is printed, but for whom a trade was with", async () => {
  const flow = `${HEAD}cmd reg B
cmd limit 0 1 S 100 5 GTC
cmd limit 0 2 B 101 7 IOC
cmd market 0 3 B 1
cmd modify 0 1 99 4
cmd cancel 0 1
cmd cancel 0 9
`;
  const { Accepted, Cancelled, Expired, Modified, Rejected, Traded } = ReportKind;
  const { InvalidQuantity, Throttled } = Reason;
  const steps: ((peer: Peer, request: number) => void)[] = [
    (peer, request) => peer.report(1, { kind: Accepted, id: 1, request, sequence: 1 }),
    (peer, request) => {
      peer.report(2, { kind: Accepted, id: 2, request, sequence: 2 });
      peer.report(3, { kind: Traded, id: 2, request, sequence: 3, lastPrice: 100, lastQuantity: 5 });
      const maker = { flags: ReportFlag.Maker, request, lastPrice: 100, lastQuantity: 5 };
      peer.report(4, { kind: Traded, id: 1, sequence: 3, ...maker });
      peer.report(5, { kind: Expired, id: 2, request, sequence: 3, lastQuantity: 2 });
    },
    (peer, request) => peer.report(6, { kind: Rejected, id: 3, request, reason: InvalidQuantity }),
    (peer, request) => {
      // Another's cancel of another order, before the answer.
      peer.report(7, { kind: Cancelled, id: 8, command: CommandKind.KillSwitch, reason: 4 });
      peer.report(8, { kind: Modified, id: 1, request, sequence: 5 });
    },
    (peer, request) =>
      peer.report(9, { kind: Cancelled, id: 1, command: CommandKind.Cancel, request, sequence: 6 }),
    (peer, request) => peer.refuse(request, 9, Throttled, MessageType.CancelOrder),
  ];
  const server = await startSessionServer({
    frame: (peer, { type, request }) => {
      if (type === MessageType.Instruments) peer.instruments(request, ["A", "B"]);
      else if (type === MessageType.Logout) peer.socket.end();
      else steps[request - 1](peer, request);
    },
  });
  sessions.push(server);
  let printed = "";
  const print = (text: string) => {
    printed += text;
    return true;
  };
  const flows = [planFlow("1.txt", parseFlow(flow, "1.txt"), 7)];
  const terms = { host: "127.0.0.1", port: server.port, account: 7, window: 8, key: ALICE };
  await new FlowSender({ ...terms, print }).send(flows);
  expect(server.peers[0].logon).toMatchObject({ name: "alice", account: 7, flags: 0, next: 0 });
  expect(printed.split("\n").slice(0, -1)).toEqual([
    "evt accept 1 0 1",
    "evt accept 2 0 2",
    "evt trade 3 0 2 0 100 5",
    "reject new_market 3 InvalidQuantity",
    "evt modify 5 0 1",
    "evt cancel 6 0 1",
    "reject cancel 9 Throttled",
  ]);
});

test("a refusal that may be any one's of several on an id is printed as nobody's, and counted as unknown", async () => {
  const flow = `${HEAD}cmd reg B
cmd limit 0 1 S 100 5 GTC
cmd cancel 0 1
cmd limit 0 2 B 90 7 GTC
`;
  // The order was over the rate, its cancel was not.
  const script = exchange(({ id, type }) => {
    if (id === 2) return [say.reject(1, Reason.Throttled), say.reject(1, Reason.UnknownOrder), say.ack(2, 1)];
    return type === MessageType.Hello ? [say.helloAck(id, 1)] : [];
  });
  const { lines, failure } = await send(script, [flow]);
  expect(lines).toEqual(["evt accept 1 0 2"]);
  expect(failure).toBe(
    "one of 2 unanswered commands on order 1 was refused (Throttled), and nothing says which; " +
      "--window 1 leaves no doubt; 1 commands answered, 2 unknown, 0 not sent",
  );
});

// All of it was called unknown: the refusals name an id, and two books had the same one.
test("where all commands on an id are refused, each refusal is printed as its own", async () => {
  const flow = `${HEAD}cmd reg B
cmd reg A
cmd limit 0 1 S 100 5 GTC
cmd limit 1 1 S 100 5 GTC
cmd limit 0 2 B 90 7 GTC
cmd cancel 0 1
`;
  let refused = 0;
  const script = exchange(({ id }) => {
    if (id === 2) return [say.reject(2, Reason.ReplicaDisconnected)];
    return [say.reject(1, ++refused === 3 ? Reason.Halted : Reason.ReplicaDisconnected)];
  });
  const { lines, failure } = await send(script, [flow]);
  expect([...lines].sort()).toEqual([
    "reject cancel 1 Halted",
    "reject new_limit 1 ReplicaDisconnected",
    "reject new_limit 1 ReplicaDisconnected",
    "reject new_limit 2 ReplicaDisconnected",
  ]);
  expect(failure).toMatch(/^the exchange took none of 4 commands: ReplicaDisconnected /);
});

test("a key that is not good for the account is refused before anything is sent", async () => {
  const server = await startSessionServer({ logon: (peer) => peer.refuseLogon(Reason.NotAuthorised) });
  sessions.push(server);
  const terms = { host: "127.0.0.1", port: server.port, account: 7, window: 8, key: ALICE };
  const sent = new FlowSender({ ...terms, print: () => true }).send([]);
  await expect(sent).rejects.toMatchObject({ code: "LOGON_REFUSED" });
});

test("without --account the key's only one is meant", () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-send-"));
  const meant = (accounts: readonly number[] | "all") => {
    const name = `of-${accounts.length}`;
    const path = join(directory, `${name}.key`);
    generateKey(name, "trader", path, join(directory, "keys.json"), { accounts });
    return accountMeant(path);
  };
  expect([accountMeant(undefined), meant([3]), meant("all")]).toEqual([0, 3, 0]);
  expect(() => meant([4, 5])).toThrow(/^--account is missing: .*of-2.key is for 2 accounts$/);
  rmSync(directory, { recursive: true });
});

test("a number the flow has not registered is sent as one the exchange doesn't have either", async () => {
  const flow = `${HEAD}cmd cancel 0 1\ncmd reg A\ncmd cancel 0 2\ncmd cancel 1 3\ncmd cancel 7 4\n`;
  const { server } = await send(ACCEPTING(), [flow]);
  const symbols = server.frames.filter((f) => f.type === MessageType.CancelOrder).map((f) => f.symbol);
  expect(symbols).toEqual([U32_MAX, 0, U32_MAX, 7]);
});

test("several flows follow each other within the window", async () => {
  const flow = `${HEAD}cmd reg A\n${Array.from({ length: 50 }, (_, i) => `cmd cancel 0 ${i}\n`).join("")}`;
  const { lines, failure } = await send(ACCEPTING(), [flow, flow], { window: 3 });
  expect(failure).toBeUndefined();
  expect(lines).toHaveLength(100);
  expect(lines[99]).toBe("evt cancel 100 0 49");
});

test("a symbol that the exchange lacks is named before any command is sent", async () => {
  const { server, failure } = await send(ACCEPTING(), [
    `${HEAD}cmd reg A\ncmd cancel 0 1\n`,
    `${HEAD}cmd reg A\ncmd reg C\n`,
  ]);
  expect(failure).toMatch(/^2.txt:4: the exchange at 127.0.0.1:\d+ has no symbol C /);
  expect(server.frames.some((frame) => frame.type === MessageType.CancelOrder)).toBe(false);
});

const other = (theirs: number, ours: number) =>
  `3.txt:4: is of account ${theirs}, but this connection acts for account ${ours} alone (--account)`;

test.each([
  ["cmd cancel 0 1 account 2", 0, other(2, 0)],
  ["cmd cancel 0 1 account 2", 3, other(2, 3)],
  // It was executed for account 3: a command without an account is account 0's, in a flow that names accounts.
  ["cmd cancel 0 1", 3, other(0, 3)],
  ["cmd market 0 1 B 1 limit 3", 0, "3.txt:4: has an answer limit, which the exchange sets itself"],
])("'%s' of a flow with accounts can't be sent for account %i", (command, account, message) => {
  const text = `version 2\nmeta seed 1 symbols 1 orders 1 max_qty 1 max_notional 1 accounts_max 9\ncmd reg A\n${command}\n`;
  expect(() => planFlow("3.txt", parseFlow(text), account)).toThrow(message);
});

test.each([
  [
    `version 2\nmeta seed 1 symbols 1 orders 1 max_qty 1 max_notional 1 accounts_max 9\ncmd reg A\ncmd cancel 0 1 account 3\n`,
  ],
  [`${HEAD}cmd reg A\ncmd cancel 0 1\n`],
])("a flow of account 3 alone, or of no account in particular, is sent for account 3", (text) => {
  expect(planFlow("3.txt", parseFlow(text), 3).commands).toHaveLength(1);
});

test("a lost connection is counted: answered, unknown, not sent", async () => {
  const flow = `${HEAD}cmd reg A\n${Array.from({ length: 20 }, (_, i) => `cmd cancel 0 ${i}\n`).join("")}`;
  const script = exchange(({ id }, socket) => {
    if (id === 4) socket.end();
    return id < 4 ? [say.ack(id, id + 1)] : [];
  });
  const { lines, failure } = await send(script, [flow], { window: 5 });
  expect(lines).toHaveLength(4);
  expect(failure).toMatch(
    /^the connection to 127.0.0.1:\d+ was lost: .*; 4 commands answered, 5 unknown, 11 not sent$/,
  );
});

test("an exchange that takes none of the commands has not done the work; one whose rules refuse them has", async () => {
  const flow = `${HEAD}cmd reg A\ncmd cancel 0 1\ncmd cancel 0 2\n`;
  const refusing = (first: number, second: number) =>
    exchange(({ id }) => [say.reject(id, id === 1 ? first : second)]);
  const none = await send(refusing(Reason.DiskFull, Reason.Halted), [flow]);
  expect(none.failure).toBe(
    "the exchange took none of 2 commands: DiskFull (the exchange has no room for its log; nothing is taken until it has)",
  );
  expect(none.lines).toEqual(["reject cancel 1 DiskFull", "reject cancel 2 Halted"]);
  for (const reason of [Reason.UnknownOrder, Reason.TradingHalted]) {
    expect((await send(refusing(Reason.DiskFull, reason), [flow])).failure).toBe(undefined);
    expect((await send(refusing(reason, reason), [flow])).failure).toBe(undefined);
  }
  expect((await send(ACCEPTING(), [`${HEAD}cmd reg A\n`])).failure).toBe(undefined);
});

test("an answer to nothing that was sent ends the connection", async () => {
  const { failure } = await send(
    exchange(() => [say.ack(99, 1)]),
    [`${HEAD}cmd reg A\ncmd cancel 0 1\n`],
  );
  expect(failure).toMatch(
    /it answered a command that was not sent; 0 commands answered, 1 unknown, 0 not sent$/,
  );
});

test.each([
  [{}, {}, { host: "127.0.0.1", port: 9009 }],
  [{}, { SERIATIM_HOST: "10.0.0.1", SERIATIM_ORDER_PORT: "9010" }, { host: "10.0.0.1", port: 9010 }],
  [{}, { SERIATIM_HOST: "", SERIATIM_ORDER_PORT: "" }, { host: "127.0.0.1", port: 9009 }],
  [
    { host: "h", port: 1 },
    { SERIATIM_HOST: "10.0.0.1", SERIATIM_ORDER_PORT: "x" },
    { host: "h", port: 1 },
  ],
])("with flags %j and environment %j it connects to %j", (flags, environment, address) => {
  expect(exchangeAddress(flags, environment)).toEqual(address);
});

test.each([
  ["x", 'SERIATIM_ORDER_PORT: "x" is not a whole number from 0 to 65535'],
  ["0", "SERIATIM_ORDER_PORT is 0, which is any free port: --port has to name the one it took"],
])("SERIATIM_ORDER_PORT=%s is refused", (port, message) => {
  expect(() => exchangeAddress({}, { SERIATIM_ORDER_PORT: port })).toThrow(
    expect.objectContaining({ message, exitCode: 2 }),
  );
});
