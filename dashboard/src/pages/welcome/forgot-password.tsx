/** Asking for a link to choose a new password. The answer is the same for known and unknown addresses. */
import { useState } from 'react'
import { Link } from 'wouter'
import { publicApi, unwrap } from '../../api/public'
import { Button } from '../../ui/button'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { useForm } from '../../ui/use-form'
import { WelcomeCard } from '../../ui/welcome-card'
import './welcome.css'

/** The form, then what to do with the mail. */
export default function ForgotPasswordPage() {
  const [email, setEmail] = useState('')
  const [sentTo, setSentTo] = useState<string | null>(null)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const address = email.trim()
    await unwrap(publicApi.POST('/api/v1/auth/password-reset', { body: { email: address } }))
    setSentTo(address)
  })
  const footer = <Link href="/sign-in">Back to the sign-in page</Link>
  if (sentTo !== null) {
    return (
      <WelcomeCard title="Look into your mail" footer={footer}>
        <p>
          If there is an account for <strong className="break">{sentTo}</strong>, a mail with a link is on its
          way. The link works once, and not for long.
        </p>
        <Button onPress={() => setSentTo(null)}>Use another address</Button>
      </WelcomeCard>
    )
  }
  return (
    <WelcomeCard
      title="Choose a new password"
      subtitle="We send you a link by mail. Your old password works until you use it."
      footer={footer}
    >
      <form className="stack" onSubmit={onSubmit} noValidate>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          error={errors.at('/email')}
          autoFocus
          isRequired
        />
        <FormError error={error} shown={['/email']} />
        <Button type="submit" variant="primary" isPending={isPending}>
          Send the link
        </Button>
      </form>
    </WelcomeCard>
  )
}
