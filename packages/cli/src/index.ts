/** A provider of your own for the command line: a JavaScript module that says how to make it. */
export * as ProviderModule from "./ProviderModule.ts"
