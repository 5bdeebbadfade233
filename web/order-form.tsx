// The order form. Arrow keys step price and quantity, Enter sends, and what is wrong is said in words beside the field.

import { useEffect, useState } from "preact/hooks";
import type { Market } from "../src/client/socket/index.ts";
import type { Desk } from "./desk.ts";
import { middleOf } from "./ladder-rows.ts";
import { noOrdersWords, useStatus } from "./node-state.ts";
import {
  draftProblems,
  needsOwnLine,
  type OrderDraft,
  orderValue,
  steppedPrice,
  steppedQuantity,
} from "./order-draft.ts";
import { FIELD_IDS, showDialog } from "./shortcuts.ts";
import { useTopics } from "./topic.ts";
import { groupedPrice } from "./words.ts";

/** With Shift, arrow keys step this many times as far. */
const SHIFT_STEPS = 10;

export function OrderForm({ desk }: { readonly desk: Desk }) {
  useTopics(desk.draftTopic, desk.selection, desk.connection);
  const ofNode = useStatus(desk, noOrdersWords);
  const ofInstrument = useInstrumentStatus(desk);
  const [tried, setTried] = useState(false);
  const { market, draft } = desk;
  const isOpen = desk.socket.connection.state === "open";
  const problems = market === undefined ? {} : draftProblems(draft, market.decimals, market.limits);
  const shown = (field: "price" | "quantity") => (tried || draft[field] !== "" ? problems[field] : undefined);
  const send = (event: Event) => {
    event.preventDefault();
    setTried(true);
    const wrong = problems.price !== undefined ? FIELD_IDS.price : problems.quantity && FIELD_IDS.quantity;
    if (wrong !== undefined) return document.getElementById(wrong)?.focus();
    setTried(false);
    void desk.submit();
  };
  return (
    <section class="panel form-panel" data-panel="trade" aria-label="New order">
      <form class="order-form" noValidate onSubmit={send}>
        <Choice desk={desk} field="side" label="Side" choices={{ buy: "Buy", sell: "Sell" }} wide />
        <div class="form-row">
          <Choice desk={desk} field="orderType" label="Type" choices={{ limit: "Limit", market: "Market" }} />
          <Choice
            desk={desk}
            field="timeInForce"
            label="Time in force"
            choices={{ gtc: "GTC", ioc: "IOC" }}
            titles={{ gtc: "Good till cancelled", ioc: "Immediate or cancel" }}
            disabled={draft.orderType === "market"}
          />
        </div>
        <div class={needsOwnLine(draft.price, market?.decimals ?? 0) ? "form-column" : "form-row"}>
          <PriceField desk={desk} market={market} problem={shown("price")} />
          <QuantityField desk={desk} market={market} problem={shown("quantity")} />
        </div>
        <div class="problems">
          <Problem id={FIELD_IDS.price} words={shown("price")} />
          <Problem id={FIELD_IDS.quantity} words={shown("quantity")} />
        </div>
        <p class="order-value">
          <span>Value</span>
          <output>{market === undefined ? "–" : valueText(draft, market.decimals)}</output>
        </p>
        <SendButton desk={desk} isOpen={isOpen} noOrders={ofNode ?? ofInstrument} />
      </form>
    </section>
  );
}

const STATUS_WORDS = { trading: undefined, halted: "is halted", switchedOff: "is switched off" } as const;

/** Why no orders are taken in the instrument that is looked at; undefined: they are, as far as is known. */
function useInstrumentStatus(desk: Desk): string | undefined {
  const [words, setWords] = useState<string>();
  useEffect(
    () =>
      desk.frames.add(() => {
        const { market } = desk;
        const why = STATUS_WORDS[market?.status ?? "trading"];
        setWords(why && `${market?.symbol} ${why}`);
      }),
    [desk],
  );
  return words;
}

interface SendButtonProps {
  readonly desk: Desk;
  readonly isOpen: boolean;
  /** Why none are taken. */
  readonly noOrders: string | undefined;
}

function SendButton({ desk, isOpen, noOrders }: SendButtonProps) {
  const { side } = desk.draft;
  if (isOpen && noOrders === undefined && desk.socket.account === undefined) {
    return (
      <button type="button" class="send plain" onClick={() => showDialog(FIELD_IDS.account)}>
        Choose an account to trade
      </button>
    );
  }
  const problem = isOpen ? (noOrders ?? readerWords(desk)) : "Not connected";
  return (
    <button type="submit" class={`send ${side}`} disabled={problem !== undefined}>
      {problem ?? `${side === "buy" ? "Buy" : "Sell"} ${desk.symbol}`}
    </button>
  );
}

function readerWords({ socket }: Desk): string | undefined {
  return socket.isReadOnly ? "This token only reads" : undefined;
}

function valueText(draft: OrderDraft, decimals: number): string {
  const value = orderValue(draft, decimals);
  return value === undefined ? "–" : groupedPrice(value);
}

interface ChoiceProps {
  readonly desk: Desk;
  readonly field: "side" | "orderType" | "timeInForce";
  readonly label: string;
  readonly choices: Readonly<Record<string, string>>;
  readonly titles?: Readonly<Record<string, string>>;
  readonly wide?: boolean;
  readonly disabled?: boolean;
}

function Choice({ desk, field, label, choices, titles, wide, disabled }: ChoiceProps) {
  return (
    <fieldset class={`segments ${field} ${wide ? "wide" : ""}`} disabled={disabled ?? false}>
      <legend class="unseen">{label}</legend>
      {Object.entries(choices).map(([value, name]) => (
        <label key={value} class={value} title={titles?.[value]}>
          <input
            type="radio"
            name={field}
            checked={desk.draft[field] === value}
            onChange={() => desk.setDraft({ [field]: value })}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** How many steps a key asks for; 0 for other keys. */
function stepsOf(event: KeyboardEvent): number {
  const times = event.shiftKey ? SHIFT_STEPS : 1;
  if (event.key === "ArrowUp") return times;
  return event.key === "ArrowDown" ? -times : 0;
}

interface FieldOfDraftProps {
  readonly desk: Desk;
  readonly market: Market | undefined;
  readonly problem: string | undefined;
}

function PriceField({ desk, market, problem }: FieldOfDraftProps) {
  const { draft } = desk;
  const isMarket = draft.orderType === "market";
  const step = (steps: number) => {
    if (market === undefined || steps === 0) return;
    const { decimals, step: tick } = market;
    desk.setDraft({ price: steppedPrice(draft.price, decimals, tick, steps, nearPrice(market, draft.side)) });
  };
  return (
    <Field
      id={FIELD_IDS.price}
      label="Price"
      value={isMarket ? "" : draft.price}
      placeholder={isMarket ? "at market" : ""}
      disabled={isMarket}
      problem={isMarket ? undefined : problem}
      onStep={step}
      onText={(price) => desk.setDraft({ price })}
    />
  );
}

function QuantityField({ desk, market, problem }: FieldOfDraftProps) {
  const { quantity } = desk.draft;
  const step = (steps: number) => {
    if (market !== undefined) desk.setDraft({ quantity: steppedQuantity(quantity, steps, market.limits) });
  };
  return (
    <Field
      id={FIELD_IDS.quantity}
      label="Lots"
      value={quantity}
      problem={problem}
      onStep={step}
      onText={(text) => desk.setDraft({ quantity: text })}
    />
  );
}

/** Where stepping starts: at the own side's best price, so that the order rests. */
function nearPrice(market: Market, side: "buy" | "sell"): number {
  const { bids, asks } = market.book;
  const best = side === "buy" ? bids.prices[0] : asks.prices[0];
  return best ?? middleOf(market.book) ?? market.trades.at(-1)?.price ?? market.step;
}

interface ProblemProps {
  /** Of the field. */
  readonly id: string;
  readonly words: string | undefined;
}

/** Below both fields: beside each other they have no room for words. */
function Problem({ id, words }: ProblemProps) {
  return (
    <p class="problem" id={problemId(id)} role={words === undefined ? undefined : "alert"}>
      {words}
    </p>
  );
}

function problemId(id: string): string {
  return `${id}-problem`;
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly disabled?: boolean;
  readonly problem: string | undefined;
  readonly onStep: (steps: number) => void;
  readonly onText: (text: string) => void;
}

function Field({ id, label, value, placeholder, disabled, problem, onStep, onText }: FieldProps) {
  return (
    <div class={problem === undefined ? "field" : "field wrong"}>
      <label for={id}>{label}</label>
      <div class="stepper">
        <input
          id={id}
          inputMode="decimal"
          autocomplete="off"
          spellcheck={false}
          value={value}
          placeholder={placeholder}
          disabled={disabled}
          aria-invalid={problem !== undefined}
          aria-describedby={problemId(id)}
          onInput={(event) => onText(event.currentTarget.value.trim())}
          onKeyDown={(event) => {
            const steps = stepsOf(event);
            if (steps === 0) return;
            event.preventDefault();
            onStep(steps);
          }}
        />
        <button
          type="button"
          tabIndex={-1}
          disabled={disabled}
          aria-label={`${label} one step down`}
          onClick={() => onStep(-1)}
        >
          −
        </button>
        <button
          type="button"
          tabIndex={-1}
          disabled={disabled}
          aria-label={`${label} one step up`}
          onClick={() => onStep(1)}
        >
          +
        </button>
      </div>
    </div>
  );
}
