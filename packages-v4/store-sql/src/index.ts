/** A token store in the SQLite database of one Durable Object of Cloudflare Workers. */
export * as DurableObjectTokenStore from "./DurableObjectTokenStore.ts"

/** A token store in one table of an SQL database. */
export * as SqlTokenStore from "./SqlTokenStore.ts"
