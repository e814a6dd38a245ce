/** Where a Studio plugin sends its teacher: the code that it shows, what it wants, and yes or no. */
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { ApiError } from '../../api/problem'
import type { Pairing } from '../../api/types'
import { Button, ButtonLink } from '../../ui/button'
import { countryName, When } from '../../ui/dates'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { Page } from '../../ui/page'
import { useForm } from '../../ui/use-form'
import { useFragment } from '../../ui/use-fragment'
import { Capabilities } from './capabilities'
import { codeIn, isWhole, tidyCode } from './user-code'
import './studio.css'

type Step =
  | { at: 'code' }
  | { at: 'question'; code: string; pairing: Pairing }
  | { at: 'approved' }
  | { at: 'denied' }

const PARENT = { label: 'Studio', to: '/studio' }

/** The page. */
export default function PairPage() {
  const code = useFragment(codeIn) ?? ''
  const [step, setStep] = useState<Step>({ at: 'code' })
  return (
    <Page title="Pair a Studio plugin" parent={PARENT} isNarrow>
      <section className="card" aria-label="Pairing">
        {step.at === 'code' && (
          <CodeForm initial={code} onFound={(found, pairing) => setStep(stepOf(found, pairing))} />
        )}
        {step.at === 'question' && (
          <Question
            code={step.code}
            pairing={step.pairing}
            onApproved={() => setStep({ at: 'approved' })}
            onDenied={() => setStep({ at: 'denied' })}
            onBack={() => setStep({ at: 'code' })}
          />
        )}
        {step.at === 'approved' && (
          <div className="stack">
            <h2>The plugin is paired</h2>
            <p role="status">Go back to Studio: within a few seconds the plugin says that it is connected.</p>
            <div className="row">
              <ButtonLink to="/studio" variant="primary">
                See your plugins
              </ButtonLink>
            </div>
          </div>
        )}
        {step.at === 'denied' && (
          <div className="stack">
            <h2>Nothing was paired</h2>
            <p role="status">
              The code is void. If the plugin is yours after all, let it show a new code in Studio.
            </p>
            <div className="row">
              <Button onPress={() => setStep({ at: 'code' })}>Enter another code</Button>
            </div>
          </div>
        )}
      </section>
    </Page>
  )
}

/** A code that was answered already leads to what came of it. */
function stepOf(code: string, pairing: Pairing): Step {
  if (pairing.status === 'approved') return { at: 'approved' }
  if (pairing.status === 'denied') return { at: 'denied' }
  return { at: 'question', code, pairing }
}

const UNKNOWN =
  'There is no such code. Codes are good for ten minutes: look at Studio, and let the plugin show a new one.'
const USED = 'This code was used, or is too old. Let the plugin show a new one.'

/** Why a code is of no use, if that is the matter. */
function complaint(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  if (error.status === 404) return UNKNOWN
  if (error.status === 410) return USED
  return undefined
}

function CodeForm({
  initial,
  onFound,
}: {
  initial: string
  onFound: (code: string, pairing: Pairing) => void
}) {
  const [code, setCode] = useState(initial)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    if (!isWhole(code)) throw new ApiError(404, 'not_found', UNKNOWN)
    onFound(code, await unwrap(api.POST('/api/v1/plugins/pairings/lookup', { body: { user_code: code } })))
  })
  const wrong = complaint(error)
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <p>
        {initial === ''
          ? 'In Studio, open the plugin and choose to pair it. It shows a code of eight letters.'
          : 'Compare this code with the one that the plugin shows in Studio.'}
      </p>
      <TextInput
        label="Code of the plugin"
        autoComplete="off"
        value={code}
        onChange={(text) => setCode(tidyCode(text))}
        error={wrong ?? errors.at('/user_code')}
        autoFocus
        isRequired
      />
      {wrong === undefined && <FormError error={error} shown={['/user_code']} />}
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Go on
        </Button>
      </div>
    </form>
  )
}

interface QuestionProps {
  code: string
  pairing: Pairing
  onApproved: () => void
  onDenied: () => void
  onBack: () => void
}

function Question({ code, pairing, onApproved, onDenied, onBack }: QuestionProps) {
  const [pending, setPending] = useState<'approve' | 'deny' | null>(null)
  const [error, setError] = useState<unknown>(null)
  const wrong = complaint(error)
  const answer = async (how: 'approve' | 'deny') => {
    setPending(how)
    setError(null)
    try {
      const body = { user_code: code }
      if (how === 'approve') await unwrap(api.POST('/api/v1/plugins/pairings/approve', { body }))
      else await unwrap(api.POST('/api/v1/plugins/pairings/deny', { body }))
      if (how === 'approve') onApproved()
      else onDenied()
    } catch (cause) {
      setError(cause)
      setPending(null)
    }
  }
  return (
    <div className="stack">
      <h2>Is this your Studio?</h2>
      <PairingFacts code={code} pairing={pairing} />
      <p className="callout">
        Confirm only if you see this very code in Studio, on your own screen. Whoever gets the plugin’s access
        acts in your name.
      </p>
      {wrong ? (
        <p className="field-error" role="alert">
          {wrong}
        </p>
      ) : (
        <FormError error={error} />
      )}
      <div className="row">
        {wrong ? (
          <Button onPress={onBack}>Enter another code</Button>
        ) : (
          <>
            <Button
              variant="primary"
              isPending={pending === 'approve'}
              isDisabled={pending === 'deny'}
              onPress={() => void answer('approve')}
            >
              Confirm
            </Button>
            <Button
              isPending={pending === 'deny'}
              isDisabled={pending === 'approve'}
              onPress={() => void answer('deny')}
            >
              Deny
            </Button>
          </>
        )}
      </div>
    </div>
  )
}

function PairingFacts({ code, pairing }: { code: string; pairing: Pairing }) {
  return (
    <dl className="studio-facts">
      <dt>Code</dt>
      <dd>
        <strong className="studio-code">{code}</strong>
      </dd>
      <dt>Studio</dt>
      <dd>{pairing.studio_id}</dd>
      <dt>Place</dt>
      <dd>{pairing.place_id ?? 'a place that is not published'}</dd>
      <dt>It wants to</dt>
      <dd>
        <Capabilities of={pairing.capabilities} />
      </dd>
      <dt>Asked</dt>
      <dd>
        <When at={pairing.requested_at} />
        {pairing.country && `, from ${countryName(pairing.country)}`}
      </dd>
    </dl>
  )
}
