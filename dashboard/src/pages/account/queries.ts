/** What the pages of one's own account read. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'

export const accountKeys = {
  factors: ['factors'] as const,
  sessions: ['own-sessions'] as const,
  identities: ['identities'] as const,
  providers: ['providers'] as const,
}

/** Second factors. */
export const useFactors = () =>
  useQuery({ queryKey: accountKeys.factors, queryFn: () => unwrap(api.GET('/api/v1/auth/factors')) })

/** Where one is signed in. */
export const useOwnSessions = () =>
  useQuery({
    queryKey: accountKeys.sessions,
    queryFn: async () => (await unwrap(api.GET('/api/v1/auth/sessions'))).items,
  })

/** Accounts at other sites that sign in to this one. */
export const useIdentities = () =>
  useQuery({
    queryKey: accountKeys.identities,
    queryFn: async () => (await unwrap(api.GET('/api/v1/auth/identities'))).items,
  })

/** Other sites that one can sign in with. */
export const useProviders = () =>
  useQuery({
    queryKey: accountKeys.providers,
    queryFn: async () => (await unwrap(api.GET('/api/v1/auth/providers'))).items,
  })
