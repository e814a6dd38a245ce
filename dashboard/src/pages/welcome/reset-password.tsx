/** Where the link of the mail for a new password leads. */
import { useState } from 'react'
import { ApiError } from '../../api/problem'
import { publicApi, unwrap } from '../../api/public'
import { session } from '../../auth/use-session'
import { Button, ButtonLink } from '../../ui/button'
import { FormError } from '../../ui/form-error'
import { NewPasswordInput } from '../../ui/new-password'
import { useForm } from '../../ui/use-form'
import { WelcomeCard } from '../../ui/welcome-card'
import { useLinkToken } from './link-token'
import { UsedLink } from './used-link'
import './welcome.css'

/** The form, then the way to the sign-in page. */
export default function ResetPasswordPage() {
  const token = useLinkToken()
  const [password, setPassword] = useState('')
  const [isDone, setDone] = useState(false)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { token: token ?? '', new_password: password }
    await unwrap(publicApi.POST('/api/v1/auth/password-reset/confirm', { body }))
    // Every session of the account has ended; one in this browser was most likely that account's.
    session.forget()
    setDone(true)
  })
  if (isDone) {
    return (
      <WelcomeCard title="Your password is changed">
        <p role="status">You were signed out everywhere. Sign in with the new password.</p>
        <ButtonLink to="/sign-in" variant="primary">
          Sign in
        </ButtonLink>
      </WelcomeCard>
    )
  }
  if (token === null || (error instanceof ApiError && error.code === 'token_used')) {
    return (
      <UsedLink
        title="This link does not work any more"
        action={{ to: '/forgot-password', label: 'Get a new link' }}
      >
        It was used, or it is too old. Nothing has been changed.
      </UsedLink>
    )
  }
  return (
    <WelcomeCard title="Choose a new password" subtitle="You will be signed out on all devices.">
      <form className="stack" onSubmit={onSubmit} noValidate>
        <NewPasswordInput
          label="New password"
          value={password}
          onChange={setPassword}
          error={errors.at('/new_password')}
          own={[]}
          autoFocus
        />
        <FormError error={error} shown={['/new_password']} />
        <Button type="submit" variant="primary" isPending={isPending}>
          Change the password
        </Button>
      </form>
    </WelcomeCard>
  )
}
