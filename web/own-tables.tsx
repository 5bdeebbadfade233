// My orders, my fills and, with a token, my reports: tables of the lower panel.

import type { OwnFill, OwnOrders } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { OrderRow } from "./order-row.tsx";
import { rowsOf } from "./own-rows.ts";
import { ReportTable } from "./report-table.tsx";
import { FIELD_IDS, showDialog } from "./shortcuts.ts";
import { useTopics } from "./topic.ts";
import { grouped, timeText } from "./words.ts";

/** Rows of a table: nobody reads more, and each costs time to draw. */
const ROWS_MAX = 100;

export function OwnTable({
  desk,
  name,
}: {
  readonly desk: Desk;
  readonly name: "orders" | "fills" | "reports";
}) {
  useTopics(desk.tables, desk.selection, desk.connection);
  const { account, connection } = desk.socket;
  return (
    <>
      <div class="table-scroll">
        {name === "orders" && <OrdersTable desk={desk} />}
        {name === "fills" && <FillsTable desk={desk} />}
        {name === "reports" && <ReportTable desk={desk} />}
      </div>
      {account === undefined && connection.state === "open" && (
        <p class="empty">
          <span>You are looking on.</span>
          <button type="button" class="quiet" onClick={() => showDialog(FIELD_IDS.account)}>
            Choose an account
          </button>
        </p>
      )}
    </>
  );
}

/** Of the instrument that is looked at; and, where one command does it, of all of them. */
export function CancelButtons({ desk }: { readonly desk: Desk }) {
  const { orders, hasReports, isReadOnly } = desk.socket;
  if (isReadOnly) return null;
  const isHere = [...orders.open()].some(({ symbol }) => symbol === desk.symbol);
  const isElsewhere = [...orders.open()].some(({ symbol }) => symbol !== desk.symbol);
  return (
    <div class="head-buttons">
      {isHere && (
        <button type="button" class="quiet" onClick={() => void desk.cancelAll()}>
          Cancel all in {desk.symbol}
        </button>
      )}
      {hasReports && isElsewhere && (
        <button type="button" class="quiet" onClick={() => void desk.cancelEverything()}>
          Cancel all
        </button>
      )}
    </div>
  );
}

/** How many orders rest: `10,000+` when not all of them could be listed. */
export function countText({ size, isTruncated }: OwnOrders): string {
  return `${grouped(size)}${isTruncated ? "+" : ""}`;
}

function OrdersTable({ desk }: { readonly desk: Desk }) {
  const { orders, account, connection, hasReports } = desk.socket;
  if (account === undefined) return null;
  if (!orders.isCurrent && connection.state === "open") return <p class="empty">Waiting for your orders</p>;
  if (orders.size === 0)
    return (
      <p class="empty">You have no open orders. A click on a price of the ladder puts it into the form.</p>
    );
  const rows = rowsOf([...orders.open()], desk.symbol, ROWS_MAX);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Instrument</th>
          <th scope="col">Side</th>
          <th scope="col" class="number">
            Price
          </th>
          <th scope="col" class="number">
            Open
          </th>
          {hasReports && (
            <th scope="col" class="number">
              Filled
            </th>
          )}
          <th scope="col">
            <span class="unseen">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((order) => (
          <OrderRow key={`${order.symbol} ${order.id}`} desk={desk} order={order} />
        ))}
      </tbody>
      {orders.size > ROWS_MAX && (
        <caption>{`${ROWS_MAX} of ${countText(orders)}, those in ${desk.symbol} first`}</caption>
      )}
    </table>
  );
}

function FillsTable({ desk }: { readonly desk: Desk }) {
  const { account, orders } = desk.socket;
  if (account === undefined) return null;
  const { fills } = orders;
  const since = `since this page was opened as ${account.name}`;
  if (fills.length === 0) return <p class="empty">No fills {since}</p>;
  return (
    <table>
      <caption class="since">Fills {since}, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Instrument</th>
          <th scope="col">Side</th>
          <th scope="col" class="number">
            Price
          </th>
          <th scope="col" class="number">
            Lots
          </th>
          <th scope="col">As</th>
        </tr>
      </thead>
      <tbody>
        {fills
          .slice(-ROWS_MAX)
          .reverse()
          .map((fill) => (
            <FillRow
              key={`${fill.sequence} ${fill.id}`}
              fill={fill}
              decimals={desk.socket.markets.get(fill.symbol)?.decimals ?? 0}
            />
          ))}
      </tbody>
    </table>
  );
}

function FillRow({ fill, decimals }: { readonly fill: OwnFill; readonly decimals: number }) {
  return (
    <tr>
      <td class="number-left">{timeText(fill.time_us, true)}</td>
      <td class="name">{fill.symbol}</td>
      <td class={fill.side}>{fill.side === "buy" ? "Buy" : "Sell"}</td>
      <td class="number">{formatPrice(fill.price, decimals)}</td>
      <td class="number">{grouped(fill.quantity)}</td>
      <td>{fill.liquidity}</td>
    </tr>
  );
}
