/** Making an account. Whether the address is known already is told to its owner alone, by mail. */
import { useState } from 'react'
import { Link } from 'wouter'
import { publicApi, unwrap } from '../../api/public'
import { Button } from '../../ui/button'
import { RadioInput, TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { NewPasswordInput } from '../../ui/new-password'
import { useForm } from '../../ui/use-form'
import { WelcomeCard } from '../../ui/welcome-card'
import { ResendVerification } from './resend'
import './welcome.css'

/** The form, then what to do with the mail. */
export default function RegisterPage() {
  const [sentTo, setSentTo] = useState<string | null>(null)
  if (sentTo !== null) return <CheckYourMail email={sentTo} />
  return (
    <WelcomeCard title="Make an account" footer={<Link href="/sign-in">Sign in instead</Link>}>
      <RegisterForm onSent={setSentTo} />
    </WelcomeCard>
  )
}

function RegisterForm({ onSent }: { onSent: (email: string) => void }) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [role, setRole] = useState<'teacher' | 'parent'>('teacher')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { email: email.trim(), password, display_name: name.trim(), role }
    await unwrap(publicApi.POST('/api/v1/auth/register', { body }))
    onSent(body.email)
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <RadioInput
        label="I am a"
        value={role}
        onChange={(value) => setRole(value === 'parent' ? 'parent' : 'teacher')}
        options={[
          { value: 'teacher', label: 'Teacher', hint: 'you make classes and quizzes' },
          { value: 'parent', label: 'Parent', hint: 'you follow your child with a code from the teacher' },
        ]}
      />
      <TextInput
        label="Your name"
        autoComplete="name"
        value={name}
        onChange={setName}
        error={errors.at('/display_name')}
        isRequired
      />
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
        error={errors.at('/email')}
        isRequired
      />
      <NewPasswordInput
        label="Password"
        value={password}
        onChange={setPassword}
        error={errors.at('/password')}
        own={[name, email]}
      />
      <FormError error={error} shown={['/display_name', '/email', '/password']} />
      <Button type="submit" variant="primary" isPending={isPending}>
        Make the account
      </Button>
    </form>
  )
}

function CheckYourMail({ email }: { email: string }) {
  return (
    <WelcomeCard title="Look into your mail" footer={<Link href="/sign-in">Go to the sign-in page</Link>}>
      <p>
        We sent a mail to <strong className="break">{email}</strong>. Open the link in it, then sign in.
      </p>
      <p className="muted">
        Nothing there after a few minutes? Look into the spam folder, or have it sent again.
      </p>
      <ResendVerification email={email} />
    </WelcomeCard>
  )
}
