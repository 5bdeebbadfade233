// The ways a flow can be made smaller, cheapest and boldest first. A pass offers candidates to `accept`; an accepted
// one is the base of what it offers next. Every candidate is strictly smaller or plainer by the pass's own measure,
// so that no two passes undo each other and the rounds end.

import {
  type FlowCommand,
  type FlowMarket,
  type FlowMassCancel,
  type FlowMeta,
  type FlowOrderCommand,
  type FlowRequest,
  isFlowOrder,
  isFlowRequest,
  type SessionOpen,
  TimeInForce,
} from "../protocol/index.ts";

/** What is shrunk: limits and commands; everything else follows from them. */
export interface Candidate {
  readonly meta: FlowMeta;
  readonly commands: readonly FlowCommand[];
}

type Accept = (candidate: Candidate) => boolean;
/** `isOver`: no candidate is accepted any more. Of a long flow a pass would go on making them for minutes. */
export type ShrinkPass = (start: Candidate, accept: Accept, isOver: () => boolean) => Candidate;

/** Leaves out runs of commands: halves, quarters, ... down to single ones. */
function dropChunks(start: Candidate, accept: Accept, isOver: () => boolean): Candidate {
  let best = start;
  for (let size = Math.ceil(best.commands.length / 2); size >= 1; size = Math.floor(size / 2)) {
    // From the end: later commands depend on earlier ones, so fewer tries fail.
    for (let from = best.commands.length - size; from > -size && !isOver(); from -= size) {
      const keep = best.commands.filter((_, i) => i < from || i >= from + size);
      if (keep.length === best.commands.length) continue;
      const candidate = { ...best, commands: keep };
      if (accept(candidate)) best = candidate;
    }
  }
  return best;
}

/** Replaces single commands by plainer ones, each field in turn. */
function simplifyCommands(start: Candidate, accept: Accept, isOver: () => boolean): Candidate {
  let best = start;
  for (let i = 0; i < best.commands.length && !isOver(); i++) {
    for (const simplify of SIMPLIFICATIONS) {
      // Each time from the command as it is now: an accepted value is the next one's start.
      for (let again = true; again; ) {
        again = simplify(best.commands[i]).some((command) => {
          const commands = best.commands.with(i, command);
          const candidate = { ...best, commands };
          if (!accept(candidate)) return false;
          best = candidate;
          return true;
        });
      }
    }
  }
  return best;
}

/** Up to this many commands, leaving one out is also tried together with each simplification of another. */
const PAIRED_COMMANDS_MAX = 16;

/** Leaves a command out and simplifies another at once: an order may be large only because of one that goes. */
function dropAndSimplify(start: Candidate, accept: Accept): Candidate {
  const count = start.commands.length;
  if (count > PAIRED_COMMANDS_MAX) return start;
  for (let drop = 0; drop < count; drop++) {
    for (let i = 0; i < count; i++) {
      if (i === drop) continue;
      const plainer = SIMPLIFICATIONS.flatMap((simplify) => simplify(start.commands[i]));
      const candidates = plainer.map((command) => {
        const commands = start.commands.with(i, command).filter((_, at) => at !== drop);
        return { ...start, commands };
      });
      const best = firstAccepted(start, accept, candidates);
      if (best !== start) return dropAndSimplify(best, accept);
    }
  }
  return start;
}

const SIMPLIFICATIONS: readonly ((command: FlowCommand) => FlowCommand[])[] = [
  (command) => (isFlowRequest(command) && command.once !== undefined ? [withoutNumber(command)] : []),
  (command) => (command.kind === "market" && command.named !== undefined ? [withoutNamed(command)] : []),
  (command) =>
    "symbol" in command && command.symbol !== undefined
      ? smaller(BigInt(command.symbol), 0n).map((symbol) => ({ ...command, symbol: Number(symbol) }))
      : [],
  (command) => (command.kind === "mass_cancel" ? widerMassCancels(command) : []),
  (command) => (command.kind === "session_open" ? plainerSessions(command) : []),
  (command) => (isSaid(command) && command.who !== "a" ? [{ ...command, who: "a" }] : []),
  (command) =>
    "answerLimit" in command
      ? smaller(BigInt(command.answerLimit), 0n).map((limit) => ({ ...command, answerLimit: Number(limit) }))
      : [],
  (command) => ("account" in command && command.account > 0 ? [{ ...command, account: 0 }] : []),
  (command) =>
    command.kind === "limit" && command.timeInForce === TimeInForce.ImmediateOrCancel
      ? [{ ...command, timeInForce: TimeInForce.GoodTillCancel }]
      : [],
  (command) =>
    "quantity" in command
      ? smaller(BigInt(command.quantity), 1n).map((lots) => ({ ...command, quantity: Number(lots) }))
      : [],
  (command) => ("price" in command ? smaller(command.price, 1n).map((price) => ({ ...command, price })) : []),
];

function withoutNumber({ once: _, ...command }: FlowRequest): FlowRequest {
  return command;
}

function withoutNamed({ named: _, ...command }: FlowMarket): FlowMarket {
  return command;
}

/** Without a symbol, without a side: it says less. */
function widerMassCancels(command: FlowMassCancel): FlowMassCancel[] {
  const { symbol, side, ...all } = command;
  return [
    ...(symbol === undefined ? [] : [{ ...all, ...(side !== undefined && { side }) }]),
    ...(side === undefined ? [] : [{ ...all, ...(symbol !== undefined && { symbol }) }]),
  ];
}

/** Without a dead man, of instance 0, with a flag less. */
function plainerSessions(command: SessionOpen): SessionOpen[] {
  const { instance, deadMan_ms, flags } = command;
  const fewer = [1, 2, 4].filter((flag) => (flags & flag) !== 0).map((flag) => flags & ~flag);
  return [
    ...smaller(BigInt(deadMan_ms), 0n).map((time) => ({ ...command, deadMan_ms: Number(time) })),
    ...smaller(BigInt(instance), 0n).map((number) => ({ ...command, instance: Number(number) })),
    ...fewer.map((left) => ({ ...command, flags: left })),
  ];
}

function isSaid(command: FlowCommand): command is Extract<FlowCommand, { who: string }> {
  return "who" in command;
}

/** Values nearer to `plainest`: it, half of the way, one step. A value below it only has 0 and -1 to fall to. */
function smaller(value: bigint, plainest: bigint): bigint[] {
  if (value < plainest) return value < -1n ? [0n, -1n] : value < 0n ? [0n] : [];
  if (value === plainest) return [];
  const half = plainest + (value - plainest) / 2n;
  return [...new Set([plainest, half, value - 1n])];
}

/** All prices at once, keeping their order: 1, 2, 3, ... or closer together by half. */
function squeezePrices(start: Candidate, accept: Accept): Candidate {
  const prices = start.commands.flatMap((command) => ("price" in command ? [command.price] : []));
  const distinct = [...new Set(prices)].filter((price) => price > 0n).sort((a, b) => (a < b ? -1 : 1));
  const ranks = new Map(distinct.map((price, i) => [price, BigInt(i + 1)]));
  const lowest = distinct[0] ?? 1n;
  const shifted = new Map(distinct.map((price) => [price, price - lowest + 1n]));
  const halved = new Map(distinct.map((price) => [price, (price + 1n) / 2n]));
  return firstAccepted(
    start,
    accept,
    [ranks, shifted, halved].map((map) => withPrices(start, map)),
  );
}

function withPrices(start: Candidate, map: ReadonlyMap<bigint, bigint>): Candidate {
  const commands = start.commands.map((command) =>
    "price" in command ? { ...command, price: map.get(command.price) ?? command.price } : command,
  );
  return { ...start, commands };
}

/** Symbols 0, 1, 2, ... in the order they are used, and only as many registered. */
function renumberSymbols(start: Candidate, accept: Accept): Candidate {
  const names = new Set(start.commands.flatMap((command) => (command.kind === "reg" ? [command.name] : [])));
  const used = new Set(
    start.commands.flatMap((c) => {
      const symbol = "symbol" in c ? c.symbol : undefined;
      return symbol === undefined || symbol >= names.size ? [] : [symbol];
    }),
  );
  const numbers = new Map([...used].map((symbol, i) => [symbol, i]));
  const registrations: FlowCommand[] = [...used].map((_, i) => ({ kind: "reg", name: `S${i}` }));
  const others = start.commands.filter((command) => command.kind !== "reg");
  const commands = others.map((command) =>
    "symbol" in command && command.symbol !== undefined
      ? { ...command, symbol: numbers.get(command.symbol) ?? Math.min(command.symbol, used.size) }
      : command,
  );
  return firstAccepted(start, accept, [{ ...start, commands: [...registrations, ...commands] }]);
}

/** Order ids, and then accounts, 1, 2, 3, ... and 0, 1, 2, ... by first use. */
function renumberIds(start: Candidate, accept: Accept): Candidate {
  const ids = firstUses(start, ({ id }) => id);
  const byId = mapOrders(start, (command) => ({ ...command, id: BigInt(ids.indexOf(command.id) + 1) }));
  const best = firstAccepted(start, accept, [byId]);
  const owners = best.commands.flatMap((command) => ("account" in command ? [command.account] : []));
  const accounts = [...new Set(owners)];
  const commands = best.commands.map((command) =>
    "account" in command ? { ...command, account: accounts.indexOf(command.account) } : command,
  );
  return firstAccepted(best, accept, [{ ...best, commands }]);
}

/** Request numbers 1, 2, 3, ... in their order. */
function renumberRequests(start: Candidate, accept: Accept): Candidate {
  const numbers = start.commands.flatMap((command) =>
    isFlowRequest(command) && command.once !== undefined ? [command.once] : [],
  );
  const used = [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1));
  const ranks = new Map(used.map((once, i) => [once, BigInt(i + 1)]));
  const commands = start.commands.map((command) =>
    isFlowRequest(command) && command.once !== undefined
      ? { ...command, once: ranks.get(command.once) ?? 0n }
      : command,
  );
  return firstAccepted(start, accept, [{ ...start, commands }]);
}

/** Connections 1, 2, 3, ... by first use. */
function renumberSessions(start: Candidate, accept: Accept): Candidate {
  const numbers = start.commands.flatMap((command) => ("session" in command ? [command.session] : []));
  const used = [...new Set(numbers)];
  const commands = start.commands.map((command) =>
    "session" in command ? { ...command, session: BigInt(used.indexOf(command.session) + 1) } : command,
  );
  return firstAccepted(start, accept, [{ ...start, commands }]);
}

function firstUses<T>({ commands }: Candidate, key: (command: FlowOrderCommand) => T): T[] {
  return [...new Set(commands.flatMap((command) => (isFlowOrder(command) ? [key(command)] : [])))];
}

function mapOrders(start: Candidate, change: (command: FlowOrderCommand) => FlowOrderCommand): Candidate {
  const commands = start.commands.map((command) => (isFlowOrder(command) ? change(command) : command));
  return { ...start, commands };
}

/** The order capacity: none at all, or a smaller one. */
function simplifyMeta(start: Candidate, accept: Accept): Candidate {
  const { ordersMax, ...unlimited } = start.meta;
  if (ordersMax === undefined) return start;
  const fewer = smaller(BigInt(ordersMax), 1n).map((most) => ({ ...unlimited, ordersMax: Number(most) }));
  return firstAccepted(
    start,
    accept,
    [unlimited, ...fewer].map((meta) => ({ ...start, meta })),
  );
}

/** The first candidate that says something else than `start` and is accepted, or `start`. */
function firstAccepted(start: Candidate, accept: Accept, candidates: readonly Candidate[]): Candidate {
  return candidates.find((candidate) => !isSame(candidate, start) && accept(candidate)) ?? start;
}

function isSame(a: Candidate, b: Candidate): boolean {
  const text = (candidate: Candidate) =>
    JSON.stringify(candidate, (_key, value) => (typeof value === "bigint" ? `${value}n` : value));
  return text(a) === text(b);
}

export const SHRINK_PASSES: readonly ShrinkPass[] = [
  dropChunks,
  renumberSymbols,
  renumberIds,
  renumberRequests,
  renumberSessions,
  simplifyMeta,
  squeezePrices,
  simplifyCommands,
  dropAndSimplify,
];
