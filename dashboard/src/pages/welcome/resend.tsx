/** Asking for the mail with the link again. */
import { useState } from 'react'
import { explain } from '../../api/problem'
import { publicApi, unwrap } from '../../api/public'
import { Button } from '../../ui/button'

/** A button that sends the mail again and says so, whether the address is known or not. */
export function ResendVerification({ email }: { email: string }) {
  const [isPending, setPending] = useState(false)
  const [outcome, setOutcome] = useState<{ isSent: boolean; text: string } | null>(null)
  const send = async () => {
    setPending(true)
    try {
      await unwrap(publicApi.POST('/api/v1/auth/verify-email/resend', { body: { email } }))
      setOutcome({ isSent: true, text: 'Sent. Please look into your mail, also into the spam folder.' })
    } catch (cause) {
      setOutcome({ isSent: false, text: explain(cause) })
    } finally {
      setPending(false)
    }
  }
  return (
    <div className="stack">
      <Button isPending={isPending} onPress={() => void send()}>
        Send the mail again
      </Button>
      <p role="status" className={outcome?.isSent === false ? 'field-error' : 'muted'}>
        {outcome?.text}
      </p>
    </div>
  )
}
