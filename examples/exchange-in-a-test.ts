// A test of a trading program against a real exchange in its own process: free ports, nothing kept on disk, gone at the end. So a
// strategy can be tried in CI without a server to set up. It is a test of node:test; any other framework does as well.
//
//   npm run example examples/exchange-in-a-test.ts

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Configuration, configurationOf, connectOrderEntry, createLog, startNode } from "seriatim";

/** An exchange with these settings (docs/configuration.md, in camel case), until the test ends. Port 0 takes a free one. */
async function startExchange(t: TestContext, settings: Partial<Configuration> = {}) {
  const ownPorts = { orderPort: 0, httpPort: 0, durability: "off", marketData: "off" } as const;
  const log = createLog({ level: "warn" });
  const node = await startNode(configurationOf({ ...ownPorts, symbols: ["BTC-USD:2:50"], ...settings }), log);
  t.after(() => node.stop());
  return node;
}

test("a resting order is hit, and its owner hears of it", async (t) => {
  const node = await startExchange(t);
  const maker = await connectOrderEntry({ port: node.orderPort, account: 1 });
  const taker = await connectOrderEntry({ port: node.orderPort, account: 2 });
  const trades = maker.events();
  // Prices are ticks of a cent here, quantities lots.
  await maker.submit({ id: 1, symbol: 0, side: "sell", price: 70_000_50, quantity: 3 });
  const answer = await taker.submit({ id: 1, symbol: 0, side: "buy", price: 70_000_50, quantity: 2 });
  assert.ok(answer.accepted);
  const { value } = await trades[Symbol.asyncIterator]().next();
  assert.deepEqual([value?.kind, value?.price, value?.quantity], ["restingFill", 7_000_050, 2]);
  assert.equal(node.status().ordersResting, 1);
  await Promise.all([maker.close(), taker.close()]);
});

test("an order above the risk limit is refused, with the reason", async (t) => {
  const node = await startExchange(t, { maxQuantity: 10 });
  const client = await connectOrderEntry({ port: node.orderPort, account: 1 });
  const answer = await client.submit({ id: 1, symbol: 0, side: "buy", price: 70_000_00, quantity: 11 });
  assert.ok(!answer.accepted);
  assert.equal(answer.reason, "MaxQuantityExceeded");
  await client.close();
});
