/** What a worker is told, and what it tells. No message holds a token. */
import type { StoreSpec } from "../stores/spec.ts"

/** Where a worker stops, so that it can be killed there. The numbers of the steps are those of the protocol. */
export type Point =
  /** 2: the record was read. */
  | "read"
  /** 5a: the claim is written. */
  | "claimed"
  /** 5b: the request is made and not sent. */
  | "sending"
  /** 5c: the answer is there, the commit is not begun. */
  | "answered"
  /** 5c: the commit is begun; the worker does not stop for it. */
  | "committing"
  /** 6: the commit is acknowledged, nothing is published. */
  | "committed"

export interface WorkerConfig {
  readonly name: string
  readonly store: StoreSpec
  /** The server, or the proxy before it. */
  readonly host: string
  readonly accounts: ReadonlyArray<string>
  readonly refresh: {
    readonly mode: "scheduled" | "onDemand"
    /** The part of the life after which a token is refreshed ahead. */
    readonly fraction?: number
    readonly deadline: number
    readonly commitPatience: number
    readonly claimTtl: number
    readonly retryPatience?: number
  }
  /** Milliseconds between two calls of the API. */
  readonly every: number
  readonly stopAt?: Point
}

export type Command =
  | { readonly do: "signIn"; readonly id: number; readonly account: string }
  /** From now on the worker stops at its point. */
  | { readonly do: "arm" }
  | { readonly do: "get"; readonly id: number; readonly account: string }
  | { readonly do: "call"; readonly id: number; readonly account: string }
  /** Calls the API for random accounts until told to rest. */
  | { readonly do: "work" }
  | { readonly do: "rest"; readonly id: number }

/** What came of asking for a token or of calling the API. */
export type Result =
  | { readonly ok: true; readonly session: string; readonly generation: number; readonly status?: number }
  | { readonly ok: false; readonly tag: string; readonly reason?: string }

export type Message =
  | { readonly said: "ready" }
  | { readonly said: "at"; readonly point: Point }
  | {
    readonly said: "done"
    readonly id: number
    readonly result: Result
    readonly took: number
    readonly late: number
  }
  /** A call of the API failed, or took longer than a moment. */
  | {
    readonly said: "failed"
    readonly account: string
    /** The session that was in use before the failure. */
    readonly session: string
    readonly result: Result
    readonly took: number
    readonly at: number
  }
  /** How many calls were answered since the last message, and the longest wait. */
  | { readonly said: "worked"; readonly calls: number; readonly longest: number }
  /** A compare-and-set that was won. */
  | { readonly said: "wrote"; readonly account: string; readonly write: Write }
  /** The client gave up on an exchange, or lost its answer. */
  | { readonly said: "lost"; readonly exchange: string; readonly at: number }
  /** The event loop stood still. */
  | { readonly said: "stalled"; readonly from: number; readonly to: number }
  | { readonly said: "error"; readonly text: string }

export interface Write {
  readonly version: number
  readonly session: string
  readonly generation: number
  readonly state: string
  readonly commitId: string
  readonly isClaim: boolean
}

/** Which worker sends an exchange, which exchange, and when by the worker's clock. */
export const headers = { worker: "x-worker", exchange: "x-exchange", sentAt: "x-sent-at" } as const
