// One of my orders: cancel it, or change price and quantity in its own row (Enter applies, Escape leaves it as it is).

import { useEffect, useRef, useState } from "preact/hooks";
import type { OwnOrder } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
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
  const decimals = desk.socket.markets.get(order.symbol)?.decimals ?? 0;
  return (
    <tr class={order.symbol === desk.symbol ? "here" : ""}>
      <td class="name">
        <button type="button" class="link" onClick={() => desk.select(order.symbol)}>
          {order.symbol}
        </button>
      </td>
      <td class={order.side}>{order.side === "buy" ? "Buy" : "Sell"}</td>
      {changing ? (
        <ChangeCells desk={desk} order={order} decimals={decimals} done={() => setChanging(false)} />
      ) : (
        <>
          <td class="number">{formatPrice(order.price, decimals)}</td>
          <td class="number">{grouped(order.open)}</td>
          <td class="actions">
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
          </td>
        </>
      )}
    </tr>
  );
}

interface ChangeCellsProps extends OrderRowProps {
  readonly decimals: number;
  readonly done: () => void;
}

function ChangeCells({ desk, order, decimals, done }: ChangeCellsProps) {
  const [price, setPrice] = useState(formatPrice(order.price, decimals));
  const [quantity, setQuantity] = useState(String(order.open));
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.select(), []);
  const wrongPrice = priceProblem(price, decimals);
  const wrongQuantity = quantityProblem(quantity);
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
  return (
    <>
      <td class="number">
        <input
          ref={first}
          class="cell"
          aria-label="New price"
          inputMode="decimal"
          autocomplete="off"
          value={price}
          title={wrongPrice}
          aria-invalid={wrongPrice !== undefined}
          onInput={(event) => setPrice(event.currentTarget.value.trim())}
          onKeyDown={onKeyDown}
        />
      </td>
      <td class="number">
        <input
          class="cell narrow"
          aria-label="New quantity"
          inputMode="numeric"
          autocomplete="off"
          value={quantity}
          title={wrongQuantity}
          aria-invalid={wrongQuantity !== undefined}
          onInput={(event) => setQuantity(event.currentTarget.value.trim())}
          onKeyDown={onKeyDown}
        />
      </td>
      <td class="actions">
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
      </td>
    </>
  );
}
