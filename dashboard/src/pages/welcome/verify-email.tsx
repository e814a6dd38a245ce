/**
 * Where the link of the first mail leads. The address is confirmed by a press of a button, not by opening the page: mail
 * scanners open links too, and must not confirm what somebody else registered.
 */
import { useState } from 'react'
import { Link } from 'wouter'
import { ApiError } from '../../api/problem'
import { publicApi, unwrap } from '../../api/public'
import { session, useSession } from '../../auth/use-session'
import { Button, ButtonLink } from '../../ui/button'
import { FormError } from '../../ui/form-error'
import { useForm } from '../../ui/use-form'
import { WelcomeCard } from '../../ui/welcome-card'
import { useLinkToken } from './link-token'
import { UsedLink } from './used-link'
import './welcome.css'

/** The button, then the way on. */
export default function VerifyEmailPage() {
  const token = useLinkToken()
  const [isDone, setDone] = useState(false)
  const isSignedIn = useSession().status === 'signed_in'
  const { isPending, error, onSubmit } = useForm(async () => {
    await unwrap(publicApi.POST('/api/v1/auth/verify-email', { body: { token: token ?? '' } }))
    setDone(true)
    if (isSignedIn) void session.renew()
  })
  if (isDone) {
    return (
      <WelcomeCard title="Your address is confirmed">
        <p role="status">Everything is ready.</p>
        <ButtonLink to={isSignedIn ? '/' : '/sign-in'} variant="primary">
          {isSignedIn ? 'Go on' : 'Sign in'}
        </ButtonLink>
      </WelcomeCard>
    )
  }
  if (token === null || (error instanceof ApiError && error.code === 'token_used')) {
    return (
      <UsedLink title="This link does not work any more">
        If you have confirmed your address already, simply sign in. If not, sign in all the same: you can then
        have a new mail sent.
      </UsedLink>
    )
  }
  return (
    <WelcomeCard title="Confirm your address" footer={<Link href="/sign-in">Sign in</Link>}>
      <form className="stack" onSubmit={onSubmit}>
        <p>One press, and your account is ready.</p>
        <FormError error={error} />
        <Button type="submit" variant="primary" isPending={isPending} autoFocus>
          Confirm
        </Button>
      </form>
    </WelcomeCard>
  )
}
