// Keyboard shortcuts of the whole page. Letters count only where nothing is typed; Escape leaves a field or a list first.

import type { Desk } from "./desk.ts";

export interface Shortcut {
  readonly keys: string;
  readonly does: string;
}

/** As the help shows them. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: "B", does: "Buy: to the price field" },
  { keys: "S", does: "Sell: to the price field" },
  { keys: "M", does: "Market or limit order" },
  { keys: "↑ ↓", does: "In a field: one step; with Shift ten" },
  { keys: "Enter", does: "Sends the order; in the ladder takes the price" },
  { keys: "Esc", does: "Leaves the field, list or dialog; then cancels all your orders in this instrument" },
  { keys: "L", does: "To the ladder: ↑ ↓ moves, Enter takes the price" },
  { keys: "C", does: "Centres the ladder" },
  { keys: "Q", does: "The queue at the best price of the form's side, and away again" },
  { keys: "O", does: "To the market overview: ↑ ↓ moves, Enter selects" },
  { keys: "1 – 9", does: "Another instrument" },
  { keys: "T", does: "Light or dark" },
  { keys: "?", does: "This help" },
];

/** Where elements of the page are found by the shortcuts. */
export const FIELD_IDS = {
  price: "price",
  quantity: "quantity",
  ladder: "ladder",
  overview: "overview",
  help: "help",
  account: "account",
} as const;

type Actions = Readonly<Record<string, () => void>>;

export function addShortcuts(desk: Desk, toggleTheme: () => void): void {
  const actions = actionsOf(desk, toggleTheme);
  // A key that is held down is meant once: Enter, repeated, would be a stream of orders, and Escape one of cancels.
  document.addEventListener("keydown", dropHeldEnter, { capture: true });
  // The field in use: an order that is filled takes its row away, and with it the field, under the user's fingers.
  let inUse: Element | null = null;
  document.addEventListener("focusin", ({ target }) => {
    inUse = fieldOf(target);
  });
  // One Escape too many behind a dialog was meant for the dialog: only a second one cancels.
  let closedDialog = false;
  document.addEventListener("pointerdown", () => {
    closedDialog = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const isInDialog = document.querySelector("dialog[open]") !== null;
    const isBehindDialog = closedDialog;
    closedDialog = isInDialog && event.key === "Escape";
    if (isInDialog) return;
    const field = fieldOf(event.target);
    if (event.key === "Escape") {
      const left = field ?? listOf(event.target);
      const isMeantForPlace = left !== null || inUse?.isConnected === false;
      inUse = null;
      if (!isMeantForPlace) cancelAll(desk, isBehindDialog);
      left?.blur();
      return;
    }
    const isTypedInto = field?.matches("[type=radio]") === false;
    const action = isTypedInto
      ? undefined
      : (actions[event.key.toLowerCase()] ?? instrumentAction(desk, event.key));
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

function cancelAll(desk: Desk, isBehindDialog: boolean): void {
  if (!isBehindDialog) return void desk.cancelAll();
  desk.notices.say("plain", `Nothing was cancelled. Esc once more cancels all your orders in ${desk.symbol}`);
}

function fieldOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof HTMLElement ? target.closest<HTMLElement>("input, select, textarea") : null;
}

/** The ladder or the overview: keys move in them. */
function listOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof HTMLElement ? target.closest<HTMLElement>("[role=listbox]") : null;
}

/** Before anybody hears of it, and before it sends a form or presses a button. */
function dropHeldEnter(event: KeyboardEvent): void {
  if (!event.repeat || event.key !== "Enter") return;
  event.preventDefault();
  event.stopPropagation();
}

function actionsOf(desk: Desk, toggleTheme: () => void): Actions {
  return {
    b: () => toSide(desk, "buy"),
    s: () => toSide(desk, "sell"),
    m: () => desk.setDraft({ orderType: desk.draft.orderType === "limit" ? "market" : "limit" }),
    l: () => document.getElementById(FIELD_IDS.ladder)?.focus(),
    c: () => document.getElementById(FIELD_IDS.ladder)?.dispatchEvent(new CustomEvent("centre")),
    q: () => desk.showQueue(desk.queueLevel === undefined ? bestOf(desk) : undefined),
    o: () => {
      desk.parts.chooseLower("market");
      // It is drawn by then.
      requestAnimationFrame(() => document.getElementById(FIELD_IDS.overview)?.focus());
    },
    t: toggleTheme,
    "?": () => showDialog(FIELD_IDS.help),
  };
}

function bestOf({ market, draft: { side } }: Desk) {
  const price = (side === "buy" ? market?.book.bids : market?.book.asks)?.prices[0];
  return price === undefined ? undefined : { side, price };
}

function instrumentAction(desk: Desk, key: string): (() => void) | undefined {
  const symbol = /^[1-9]$/.test(key) ? desk.instruments[Number(key) - 1] : undefined;
  return symbol === undefined ? undefined : () => desk.select(symbol);
}

function toSide(desk: Desk, side: "buy" | "sell"): void {
  desk.setDraft({ side });
  focusField(desk.draft.orderType === "limit" ? FIELD_IDS.price : FIELD_IDS.quantity);
}

/** To a field, with what it holds selected. */
export function focusField(id: string): void {
  const field = document.getElementById(id) as HTMLInputElement | null;
  field?.focus();
  field?.select();
}

export function showDialog(id: string): void {
  (document.getElementById(id) as HTMLDialogElement | null)?.showModal();
}
