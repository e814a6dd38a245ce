/** What stands behind the `#` of an address, which browsers send to nobody: one-time tokens, challenges. */
import { useEffect, useState } from 'react'
import type { FactorMethod } from '../../api/types'
import { useFragment } from '../../ui/use-fragment'
import type { Challenge } from './password-form'

/** The token in a fragment like `#token=…`, or null. */
export function tokenIn(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') || null
}

/** The token of the link, which does not stay in the address. */
export const useLinkToken = (): string | null => useFragment(tokenIn)

const METHODS: readonly string[] = ['totp', 'passkey', 'recovery_code'] satisfies FactorMethod[]

/** What another provider's answer came back with: a challenge, and where the person wanted to go. */
export interface ProviderChallenge {
  challenge: Challenge
  /** A path of ours. */
  returnTo: string
}

/** The challenge in a fragment like `#challenge=…&methods=totp,passkey&return_to=/`, or null. */
export function challengeIn(hash: string): ProviderChallenge | null {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const challenge = parameters.get('challenge')
  if (!challenge) return null
  const methods = (parameters.get('methods') ?? '').split(',').filter((name) => METHODS.includes(name))
  const returnTo = parameters.get('return_to') ?? ''
  return {
    challenge: {
      challenge,
      methods: methods as FactorMethod[],
    },
    // Anybody can make an address of ours: it leads to a page of ours and nowhere else.
    returnTo: /^\/(?![/\\])/.test(returnTo) ? returnTo : '/',
  }
}

/** The challenge of another provider's answer, once: then the address is the one where the person wanted to go. */
export function useProviderChallenge(): Challenge | null {
  const [found] = useState(() => challengeIn(window.location.hash))
  useEffect(() => {
    if (found !== null) window.history.replaceState(window.history.state, '', found.returnTo)
  }, [found])
  return found?.challenge ?? null
}
