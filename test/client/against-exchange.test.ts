import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  connectOrderEntry,
  type FillEvent,
  type OrderAnswer,
  type OrderEntryClient,
} from "../../src/client/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";

let node: RunningNode;
beforeAll(async () => {
  const settings = {
    orderPort: 0,
    httpPort: 0,
    durability: "off",
    accountsMax: 10,
    ordersMax: 10_000,
  } as const;
  node = await startNode(configurationOf(settings), createLog({ level: "silent" }));
});
afterAll(() => node.stop());

/** Each test trades in a price range and with ids of its own. */
let base = 0;
beforeEach(() => {
  base += 1_000;
});

const connect = (account = 0, window = 100) => connectOrderEntry({ port: node.orderPort, account, window });

function recordFills(client: OrderEntryClient): FillEvent[] {
  const fills: FillEvent[] = [];
  client.on("fill", (fill) => fills.push(fill)).on("restingFill", (fill) => fills.push(fill));
  return fills;
}

function order(id: number | bigint, side: "buy" | "sell", offset: number, quantity: number, symbol = 0) {
  return { id, symbol, side, price: base + offset, quantity };
}

function sequenceOf(answer: OrderAnswer): number {
  if (!answer.accepted) throw new Error(`refused: ${answer.reason}`);
  return answer.sequence;
}

test("instruments have the names the node was started with", async () => {
  const client = await connect();
  expect((await client.instruments()).map(({ symbol, name }) => `${symbol} ${name}`)).toEqual([
    "0 BTC-USD",
    "1 ETH-USD",
    "2 EUR-USD",
    "3 XAU-USD",
  ]);
  await client.heartbeat();
  await client.close();
});

test("both sides of a trade hear of it, on every connection of the resting order's account", async () => {
  const [maker, makersOther, taker] = await Promise.all([connect(1), connect(1), connect(2)]);
  const [makerFills, otherFills, takerFills] = [maker, makersOther, taker].map(recordFills);
  const id = 2n ** 64n - 1n;
  await maker.submit(order(id, "sell", 0, 5));
  const taken = await taker.submit(order(id, "buy", 0, 3));
  await Promise.all([maker.close(), makersOther.close(), taker.close()]);
  const fill = { takerId: id, makerId: id, price: base, quantity: 3, sequence: sequenceOf(taken) + 1 };
  expect(takerFills).toEqual([{ kind: "fill", ...fill }]);
  expect(makerFills).toEqual([{ kind: "restingFill", ...fill }]);
  expect(otherFills).toEqual(makerFills);
});

test("a modify trades like an order, a cancel takes the rest out", async () => {
  const client = await connect(3);
  const fills = recordFills(client);
  const answers = await Promise.all([
    client.submit(order(1, "buy", 10, 5, 1)),
    client.submit(order(2, "sell", 20, 5, 1)),
    client.modify({ id: 2, symbol: 1, price: base + 10, quantity: 7 }),
    client.cancel({ id: 2, symbol: 1 }),
    client.cancel({ id: 2, symbol: 1 }),
    client.submit({ id: 3, symbol: 1, side: "buy", type: "market", quantity: 1 }),
    client.submit({ ...order(4, "buy", 0, 1, 99) }),
    client.submit({ ...order(5, "buy", 0, 1, 1), price: 2n ** 60n }),
  ]);
  await client.close();
  expect(answers.map((answer) => (answer.accepted ? "accepted" : answer.reason))).toEqual([
    "accepted",
    "accepted",
    "accepted",
    "accepted",
    "UnknownOrder",
    "accepted",
    "UnknownSymbol",
    "InvalidPrice",
  ]);
  // One account on both sides: the Fill, then the RestingFill.
  expect(fills.map(({ kind, takerId, makerId, quantity }) => [kind, takerId, makerId, quantity])).toEqual([
    ["fill", 2n, 1n, 5],
    ["restingFill", 2n, 1n, 5],
  ]);
});

test("thousands of requests through a small window are each answered, in order", async () => {
  const client = await connect(4, 37);
  const sequences: number[] = [];
  for (let id = 1; id <= 3_000; id++) {
    if (!client.writable) await client.ready();
    expect(client.inFlight).toBeLessThan(37);
    const request =
      id % 2 === 1 ? client.submit(order(id, "buy", 0, 1, 2)) : client.cancel({ id: id - 1, symbol: 2 });
    request.then((answer) => sequences.push(sequenceOf(answer)));
  }
  await client.close();
  expect(sequences).toHaveLength(3_000);
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
});

test("an account the exchange does not have is refused at Hello", async () => {
  await expect(connect(10)).rejects.toMatchObject({ code: "HELLO_REFUSED" });
});

test("a node that stops answers what it took, and the client learns of its end", async () => {
  const settings = configurationOf({ orderPort: 0, httpPort: 0, durability: "off", ordersMax: 100 });
  const other = await startNode(settings, createLog({ level: "silent" }));
  const client = await connectOrderEntry({ port: other.orderPort });
  const closed = new Promise((resolve) => client.once("closed", resolve));
  const answer = await client.submit(order(1, "buy", 0, 1));
  expect(answer.accepted).toBe(true);
  await other.stop();
  expect(await closed).toMatchObject({ code: "CONNECTION_LOST" });
  await expect(client.submit(order(2, "buy", 0, 1))).rejects.toMatchObject({ code: "CONNECTION_LOST" });
});
