import type { Preset } from "./preset.ts"

/** All personal accounts are in this tenant. */
const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"

/** What only the person can resolve. */
const needsPerson = { kind: "terminal", reason: "credentials" } as const

/**
 * Microsoft Entra. `tenant`: an id, a domain, `consumers` (personal accounts), or `common` or `organizations`, whose issuer is
 * that of each person's tenant.
 *
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
 * @since 0.1.0
 * @category constructors
 */
export const microsoft = (tenant: string): Preset => {
  const isShared = ["common", "organizations"].includes(tenant)
  const named = isShared ? "{tenantid}" : tenant === "consumers" ? consumers : undefined
  return {
    name: "microsoft",
    server: {
      discover: `https://login.microsoftonline.com/${tenant}/v2.0`,
      issuer: named === undefined ? undefined : `https://login.microsoftonline.com/${named}/v2.0`
    },
    origins: ["https://graph.microsoft.com"],
    api: { baseUrl: "https://graph.microsoft.com" },
    authentication: "post",
    rotation: { rotating: { repeatable: "90 days" } },
    dialect: {
      errors: { interaction_required: needsPerson, login_required: needsPerson, consent_required: needsPerson }
    }
  }
}
