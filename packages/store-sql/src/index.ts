/** A token store in one table of an SQL database, over any `SqlClient` of the dialects `sqlite` and `pg`. */
export * as SqlTokenStore from "./SqlTokenStore.ts"
