import type { Preset } from "./preset.ts"

/**
 * Microsoft Entra. `tenant`: an id, a domain, or `common`, `organizations`, `consumers`, whose issuer is each person's own.
 *
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
 * @since 0.1.0
 * @category constructors
 */
export const microsoft = (tenant: string): Preset => {
  const isShared = ["common", "organizations", "consumers"].includes(tenant)
  return {
    name: "microsoft",
    server: {
      discover: `https://login.microsoftonline.com/${tenant}/v2.0`,
      issuer: isShared ? "https://login.microsoftonline.com/{tenantid}/v2.0" : undefined
    },
    origins: ["https://graph.microsoft.com"],
    api: { baseUrl: "https://graph.microsoft.com" },
    authentication: "post",
    rotation: { rotating: { repeatable: "90 days" } }
  }
}
