/**
 * The permissions of a key of the Wallet App API.
 *
 * @see https://api-docs.walletapp.co/oauth (Tokens)
 * @since 0.1.0
 */

/**
 * The documented permissions, in the documentation's spelling: some are singular, some plural, and one is just
 * `import`.
 *
 * @since 0.1.0
 * @category models
 */
export const known = [
  "device.get",
  "device.store",
  "location.get",
  "passes.get",
  "tags.get",
  "tags.store",
  "passes.remove",
  "passes.update",
  "members.get",
  "members.store",
  "passes.store",
  "location.store",
  "search.pass",
  "product.get",
  "product.store",
  "brand.get",
  "brand.import",
  "scan.url",
  "coupons.get",
  "coupons.store",
  "coupons.update",
  "coupons.delete",
  "offers.get",
  "offers.store",
  "offers.update",
  "offers.delete",
  "storecards.get",
  "storecards.store",
  "storecards.update",
  "storecards.delete",
  "brands.get",
  "brands.store",
  "brands.update",
  "brands.delete",
  "marketplace.get",
  "marketplace.store",
  "templates.get",
  "template.update",
  "import",
  "shops.get",
  "shops.update",
  "shops.inventory.update",
  "shops.inventory.get",
  "shops.inventory.store",
  "shops.inventory.delete",
  "shops.domains.get",
  "shops.payments.get",
  "shops.payments.store",
  "shops.payments.delete",
  "leads.get",
  "leads.store",
  "leads.update",
  "leads.delete",
  "devices.get",
  "devices.store",
  "devices.update",
  "devices.delete",
  "rules.get",
  "rules.store",
  "rules.delete",
  "rulesets.get",
  "rulesets.store",
  "rulesets.delete",
  "locations.get",
  "locations.store",
  "locations.update",
  "locations.delete",
  "totalwash.get",
  "totalwash.store",
  "lpr.get",
  "lpr.store",
  "lpr.update",
  "lpr.delete"
] as const

/**
 * A documented permission.
 *
 * @since 0.1.0
 * @category models
 */
export type KnownPermission = typeof known[number]

/**
 * A permission. Editors complete the documented ones; any other text is accepted too, because the documentation calls
 * its list an example.
 *
 * @since 0.1.0
 * @category models
 */
export type Permission = KnownPermission | (string & {})

/**
 * Whether a permission is documented.
 *
 * @since 0.1.0
 * @category guards
 */
export const isKnown = (permission: string): permission is KnownPermission => known.some((one) => one === permission)
