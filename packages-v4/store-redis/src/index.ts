/** A token store on Redis, shared by any number of processes on any number of hosts. */
export * as RedisTokenStore from "./RedisTokenStore.ts"
