// One of my orders: cancel it, or change price and quantity in its own row (Enter applies, Escape leaves it as it is).

import { useEffect, useRef, useState } from "preact/hooks";
import type { Market, OwnOrder } from "../src/client/socket/index.ts";
import { formatPrice, parsePrice } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { CheckIcon, CloseIcon, EditIcon } from "./icons.tsx";
import { canonicalPrice, priceProblem, quantityProblem } from "./order-draft.ts";
import { grouped } from "./words.ts";

interface OrderRowProps {
  readonly desk: Desk;
  readonly order: OwnOrder;
}

export function OrderRow({ desk, order }: OrderRowProps) {
  const [changing, setChanging] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);
  const wasChanging = useRef(false);
  useEffect(() => {
    if (wasChanging.current && !changing) edit.current?.focus();
    wasChanging.current = changing;
  }, [changing]);
  const what = `${order.side} ${order.open} ${order.symbol}`;
  const market = desk.socket.markets.get(order.symbol);
  const here = order.symbol === desk.symbol ? "here" : "";
  if (changing && market !== undefined)
    return (
      <tr class={here}>
        <ChangeCell desk={desk} order={order} market={market} done={() => setChanging(false)} />
      </tr>
    );
  return (
    <tr class={here}>
      <td class="name">
        <button type="button" class="link" onClick={() => desk.select(order.symbol)}>
          {order.symbol}
        </button>
      </td>
      <td class={order.side}>{sideWord(order)}</td>
      <td class="number">{formatPrice(order.price, market?.decimals ?? 0)}</td>
      <td class="number">{grouped(order.open)}</td>
      {desk.socket.hasReports && <td class="number">{grouped(order.cumulative ?? 0)}</td>}
      <td class="actions">
        {!desk.socket.isReadOnly && (
          <>
            <button
              ref={edit}
              type="button"
              class="icon"
              aria-label={`Change ${what}`}
              title="Change"
              onClick={() => setChanging(true)}
            >
              <EditIcon />
            </button>
            <button
              type="button"
              class="icon"
              aria-label={`Cancel ${what}`}
              title="Cancel"
              onClick={() => void desk.cancel(order)}
            >
              <CloseIcon />
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

function sideWord({ side }: OwnOrder): string {
  return side === "buy" ? "Buy" : "Sell";
}

/** As many as the table has: with reports there is one more. */
const COLUMNS = 5;

interface ChangeCellProps extends OrderRowProps {
  readonly market: Market;
  readonly done: () => void;
}

function ChangeCell({ desk, order, market, done }: ChangeCellProps) {
  const { decimals, limits } = market;
  const [price, setPrice] = useState(formatPrice(order.price, decimals));
  const [quantity, setQuantity] = useState(String(order.open));
  const wrongPrice = priceProblem(price, decimals);
  const wrongQuantity = quantityProblem(quantity, limits, parsePrice(price, decimals));
  const isRight = wrongPrice === undefined && wrongQuantity === undefined;
  const apply = async () => {
    if (isRight && (await desk.modify(order, canonicalPrice(price, decimals), Number(quantity)))) done();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") void apply();
    else if (event.key === "Escape") done();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const problem = wrongPrice ?? wrongQuantity;
  return (
    <td colSpan={COLUMNS + Number(desk.socket.hasReports)}>
      <div class="change">
        <span class="change-what">
          {order.symbol} <span class={order.side}>{sideWord(order)}</span>
        </span>
        <CellInput
          label="New price"
          text={price}
          characters={8}
          problem={wrongPrice}
          isFirst
          onText={setPrice}
          onKeyDown={onKeyDown}
        />
        <CellInput
          label="New quantity"
          text={quantity}
          characters={4}
          problem={wrongQuantity}
          onText={setQuantity}
          onKeyDown={onKeyDown}
        />
        <span class="change-buttons">
          <button
            type="button"
            class="icon good"
            aria-label="Apply the change"
            title="Apply"
            disabled={!isRight}
            onClick={() => void apply()}
          >
            <CheckIcon />
          </button>
          <button type="button" class="icon" aria-label="Leave it as it is" title="Leave it" onClick={done}>
            <CloseIcon />
          </button>
        </span>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </td>
  );
}

interface CellInputProps {
  readonly label: string;
  readonly text: string;
  /** Room for as many at least. */
  readonly characters: number;
  readonly problem: string | undefined;
  /** It takes the focus, with its text selected. */
  readonly isFirst?: boolean;
  readonly onText: (text: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

function CellInput(props: CellInputProps) {
  const { label, text, characters, problem, isFirst = false, onText, onKeyDown } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isFirst) input.current?.select();
  }, [isFirst]);
  return (
    <input
      ref={input}
      class="cell"
      style={{ "--chars": String(Math.max(text.length, characters)) }}
      aria-label={label}
      inputMode="decimal"
      autocomplete="off"
      value={text}
      aria-invalid={problem !== undefined}
      onInput={(event) => onText(event.currentTarget.value.trim())}
      onKeyDown={onKeyDown}
    />
  );
}
