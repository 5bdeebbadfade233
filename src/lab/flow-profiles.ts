// What the generated flows are like, as data. A profile leans on one part of the engine; `mixed` meets all of them.
// Chances are per command. Every flow draws its start price and the style of its ids from the lists here.

import { SAFE_MAX, U32_MAX } from "../base/index.ts";

export interface FlowProfile {
  readonly symbols: number;
  readonly accounts: number;
  /** Most orders resting at once; undefined = room for all. */
  readonly ordersMax?: number | undefined;
  /** Most of an account that has had a session; undefined = room for all. */
  readonly accountOrdersMax?: number | undefined;
  /** Shares of the kinds of commands; any positive numbers. */
  readonly weights: {
    readonly limit: number;
    readonly immediate: number;
    readonly market: number;
    readonly cancel: number;
    readonly modify: number;
  };
  readonly prices: PriceModel;
  readonly quantities: {
    /** Ordinary orders are 1 to this many lots. */
    readonly usual_lots: number;
    /** The risk limit. */
    readonly max_lots: number;
    /** Largest quantity x price; undefined = twice what a usual order at the start price needs. */
    readonly maxNotional?: number;
  };
  /** How many of the newest orders cancels and modifies choose from. */
  readonly memory: number;
  readonly chances: FlowChances;
}

/** Where prices lie: `spread_ticks` behind a moving market, or `reach_ticks` across it. */
export interface PriceModel {
  /** Ticks; one is drawn per flow. */
  readonly start: readonly number[];
  readonly spread_ticks: number;
  readonly reach_ticks: number;
  /** The market moves by up to this much per command, in a direction that lasts a while. */
  readonly drift_ticks: number;
  /** The chance and the size of a gap. */
  readonly gap: number;
  readonly gap_ticks: number;
  /** The chance that a price is the market's, halved (buy) or doubled (sell) up to 53 times. */
  readonly far: number;
  /** The chance that a price is a power of two from a recent order's, give or take one: where a window may end. */
  readonly edge: number;
}

export interface FlowChances {
  readonly unknownSymbol: number;
  /** A price of 0, below 0, or beyond the safe integers. */
  readonly badPrice: number;
  readonly zeroQuantity: number;
  readonly overQuantity: number;
  /** A quantity at the largest notional or one above it. */
  readonly notionalEdge: number;
  /** The largest quantity allowed, which sweeps whatever it meets. */
  readonly sweep: number;
  /** A new order takes the id of a recent one. */
  readonly sameId: number;
  /** A new order's id is at an edge of u64 or of a lane. */
  readonly extremeId: number;
  /** A cancel or modify names an order nobody placed, or another account's. */
  readonly unknownOrder: number;
  readonly answerLimit: number;
  /** A symbol is registered late, or again. */
  readonly register: number;
  /** An administrator or a node speaks; a profile without it has no such command. */
  readonly administration?: number;
  /** A session opens or ends; a profile without it has none. */
  readonly sessions?: number;
  /** All orders of an account are cancelled at once. */
  readonly massCancel?: number;
  /** An order has a request number that is used once; a profile without it has none. */
  readonly once?: OnceChances;
}

/** Of commands with request numbers that are used once. */
export interface OnceChances {
  readonly numbered: number;
  /** Of those: a recent request comes again as it was. */
  readonly repeated: number;
  /** The number is one of the last few hundred, used or passed over. */
  readonly earlier: number;
}

const FEW_ERRORS: FlowChances = {
  unknownSymbol: 0.01,
  badPrice: 0.01,
  zeroQuantity: 0.01,
  overQuantity: 0.01,
  notionalEdge: 0.01,
  sweep: 0.02,
  sameId: 0.02,
  extremeId: 0.002,
  unknownOrder: 0.03,
  answerLimit: 0.15,
  register: 0.001,
};

/** Around the places where windows begin, end and lanes carry. */
const STARTS = [3, 100, 2050, 4097, 10_000, 1_000_000, 2 ** 31, 2 ** 32 + 5, 2 ** 40, SAFE_MAX - 3000];

const NEAR: PriceModel = {
  start: STARTS,
  spread_ticks: 12,
  reach_ticks: 3,
  drift_ticks: 1,
  gap: 0,
  gap_ticks: 0,
  far: 0,
  edge: 0,
};

const MIXED: FlowProfile = {
  symbols: 3,
  accounts: 3,
  ordersMax: 60,
  weights: { limit: 52, immediate: 8, market: 6, cancel: 14, modify: 20 },
  prices: { ...NEAR, gap: 0.002, gap_ticks: 1_000_000, far: 0.02, edge: 0.02 },
  quantities: { usual_lots: 50, max_lots: 1000 },
  memory: 80,
  chances: { ...FEW_ERRORS, answerLimit: 0.3, register: 0.004 },
};

/** By name; `seriatim lab generate --profile` takes these. */
export const FLOW_PROFILES = {
  mixed: MIXED,
  /** All that a version 1 flow, or a version 1 connection, can say: one account, no capacities, no answer limits. */
  plain: {
    ...MIXED,
    accounts: 1,
    ordersMax: undefined,
    chances: { ...FEW_ERRORS, answerLimit: 0, register: 0.004 },
  },
  shallow: {
    ...MIXED,
    ordersMax: 40,
    weights: { limit: 40, immediate: 10, market: 15, cancel: 25, modify: 10 },
    prices: { ...NEAR, spread_ticks: 4, reach_ticks: 2 },
    memory: 10,
  },
  deep: {
    ...MIXED,
    symbols: 2,
    ordersMax: 5000,
    weights: { limit: 80, immediate: 2, market: 3, cancel: 8, modify: 7 },
    prices: { ...NEAR, spread_ticks: 400, reach_ticks: 15 },
    memory: 2000,
  },
  "wide-prices": {
    ...MIXED,
    ordersMax: 2000,
    prices: {
      ...NEAR,
      start: [1_000_000, 2 ** 26, 2 ** 33, 2 ** 45],
      spread_ticks: 5000,
      reach_ticks: 300,
      far: 0.5,
    },
    quantities: { usual_lots: 20, max_lots: 1000, maxNotional: SAFE_MAX },
    memory: 300,
  },
  "id-reuse": {
    ...MIXED,
    weights: { limit: 45, immediate: 10, market: 5, cancel: 20, modify: 20 },
    memory: 12,
    chances: { ...FEW_ERRORS, sameId: 0.6, extremeId: 0.05, unknownOrder: 0.05 },
  },
  "modify-heavy": {
    ...MIXED,
    ordersMax: 300,
    weights: { limit: 30, immediate: 3, market: 5, cancel: 4, modify: 58 },
    prices: { ...NEAR, spread_ticks: 20, reach_ticks: 6 },
    memory: 40,
  },
  "extreme-values": {
    ...MIXED,
    ordersMax: 200,
    prices: { ...NEAR, start: [1, 2, 2 ** 32, SAFE_MAX - 1], far: 0.2 },
    quantities: { usual_lots: U32_MAX, max_lots: U32_MAX, maxNotional: SAFE_MAX },
    chances: {
      unknownSymbol: 0.05,
      badPrice: 0.1,
      zeroQuantity: 0.05,
      overQuantity: 0.05,
      notionalEdge: 0.2,
      sweep: 0.05,
      sameId: 0.05,
      extremeId: 0.2,
      unknownOrder: 0.05,
      answerLimit: 0.1,
      register: 0.004,
    },
  },
  "pool-full": {
    ...MIXED,
    ordersMax: 12,
    weights: { limit: 60, immediate: 5, market: 8, cancel: 10, modify: 17 },
    memory: 14,
  },
  "ladder-moves": {
    ...MIXED,
    symbols: 2,
    ordersMax: 3000,
    weights: { limit: 68, immediate: 4, market: 5, cancel: 13, modify: 10 },
    prices: {
      ...NEAR,
      start: [5_000_000, 40_000, 2 ** 32 - 20_000],
      spread_ticks: 40_000,
      reach_ticks: 100,
      drift_ticks: 200,
      gap: 0.004,
      gap_ticks: 1_000_000,
      far: 0.01,
      edge: 0.1,
    },
    memory: 400,
  },
  /** Few prices and a market that jumps, so that windows move often; many levels at the ticks where they end. */
  "window-edges": {
    ...MIXED,
    symbols: 1,
    accounts: 1,
    ordersMax: 150,
    weights: { limit: 60, immediate: 3, market: 12, cancel: 20, modify: 5 },
    prices: {
      ...NEAR,
      start: [50_000_000],
      spread_ticks: 4,
      reach_ticks: 1,
      drift_ticks: 0,
      gap: 0.02,
      gap_ticks: 30_000,
      edge: 0.4,
    },
    quantities: { usual_lots: 5, max_lots: 1000, maxNotional: SAFE_MAX },
    memory: 20,
  },
  /** Halts, kill switches and what else the log says of its administration, between orders of a few accounts. */
  administered: {
    ...MIXED,
    accounts: 4,
    chances: { ...FEW_ERRORS, register: 0.004, administration: 0.02 },
  },
  /** Sessions that come, go and fall silent, mass cancels, and kill switches between them. */
  sessions: {
    ...MIXED,
    accounts: 2,
    accountOrdersMax: 8,
    chances: {
      ...FEW_ERRORS,
      register: 0.004,
      administration: 0.01,
      sessions: 0.15,
      massCancel: 0.03,
      once: { numbered: 0.2, repeated: 0.1, earlier: 0.1 },
    },
  },
  /** Accounts that are told of prices beyond 2^32, and of orders that are raised again and again until they have traded more than that. */
  "extreme-reports": {
    ...MIXED,
    symbols: 2,
    accounts: 2,
    ordersMax: 40,
    weights: { limit: 40, immediate: 6, market: 6, cancel: 3, modify: 45 },
    prices: { ...NEAR, start: [2, 1000, 2 ** 32 + 2, 2 ** 45], spread_ticks: 3, reach_ticks: 2 },
    quantities: { usual_lots: U32_MAX, max_lots: U32_MAX, maxNotional: SAFE_MAX },
    memory: 12,
    chances: { ...FEW_ERRORS, sessions: 0.03, massCancel: 0.002 },
  },
  /** Requests that come again, numbers that come again with something else, and numbers too old to tell. */
  repeated: {
    ...MIXED,
    accounts: 2,
    chances: { ...FEW_ERRORS, once: { numbered: 0.85, repeated: 0.15, earlier: 0.12 } },
  },
} as const satisfies Record<string, FlowProfile>;

export type FlowProfileName = keyof typeof FLOW_PROFILES;
export const FLOW_PROFILE_NAMES = Object.keys(FLOW_PROFILES) as FlowProfileName[];
