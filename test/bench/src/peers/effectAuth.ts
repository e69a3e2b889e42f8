/** This project, beside its peers. */
import * as Effect from "effect/Effect"
import * as ours from "../ours.ts"
import { connections, type Make } from "./Peer.ts"

export const make: Make = async (url) => {
  const client = await ours.make(url, { connections })
  return {
    call: async () => await client.withAuth(1, "unbounded") === 0,
    refresh: async () => {
      await Effect.runPromise(client.auth.refresh)
    },
    close: client.close
  }
}
