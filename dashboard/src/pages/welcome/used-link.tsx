/** A link out of a mail that was used, is too old, or was cut off on its way. */
import type { ReactNode } from 'react'
import { ButtonLink } from '../../ui/button'
import { WelcomeCard } from '../../ui/welcome-card'

export interface UsedLinkProps {
  title: string
  children: ReactNode
  /** Where to go instead of the sign-in page. */
  action?: { to: string; label: string }
}

/** Says so, with the way on. */
export function UsedLink({ title, children, action }: UsedLinkProps) {
  const { to, label } = action ?? { to: '/sign-in', label: 'Sign in' }
  return (
    <WelcomeCard title={title}>
      <p>{children}</p>
      <ButtonLink to={to} variant="primary">
        {label}
      </ButtonLink>
    </WelcomeCard>
  )
}
