import { assumed, documented, type Preset } from "./preset.ts"

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
    rotation: { rotating: { repeatable: "90 days" } },
    facts: [
      ...documented(
        "https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens",
        "a refresh token lives 90 days, 24 hours for single-page apps",
        "each refresh brings a new one, and the old one is not revoked",
        "a refresh token is not tied to a resource: another scope brings a token for another API"
      ),
      ...assumed(
        "the issuer of shared tenants is a template with {tenantid}, filled by the tid of the ID token",
        "a tenant given as a domain has the issuer of its id: give the id",
        "one token can't be revoked"
      )
    ]
  }
}
