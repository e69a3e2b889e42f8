/** The members that a provider adds to its sessions. */
import type { AuthProvider, Extended } from "../../AuthProvider.ts"
import type { AuthService } from "../shapes/session.ts"
import type { Cell } from "./cell.ts"
import type { Machine } from "./machine.ts"
import { resourcesOf, serviceOf } from "./service.ts"

/** The service of one account with them; a provider without any leaves it as it is. */
export const extendedService = <C>(
  machine: Machine,
  provider: AuthProvider<C> | Extended<C, AuthService<C>>,
  account: string,
  cellOf: () => Cell
): AuthService<C> => {
  const auth = serviceOf(machine, provider, account, cellOf)
  return "extend" in provider ? provider.extend(auth, resourcesOf(machine, auth, cellOf)) : auth
}
