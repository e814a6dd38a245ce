/** What protects an account, in a real browser: codes, passkeys, step-up, devices, the password. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { enter, foundSchool, makePerson, PASSWORD, totp } from './accounts.mjs'
import { audit, baseUrl, fillSignIn, launchBrowser, openPage, refuse, screenshot } from './support.mjs'

const TEST_PATIENCE_MS = 180_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** A page of somebody new, signed in. */
async function withPerson(name, run) {
  const { context, page, errors } = await openPage(browser)
  try {
    const person = await makePerson(name)
    await enter(page, person)
    await run({ context, page, person })
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'factors-failure')
    throw error
  } finally {
    await context.close()
  }
}

async function openSecurity(page) {
  await page.goto('/account/security')
  await page.getByRole('heading', { name: 'Second factor' }).waitFor()
}

/** Sets up an app; answers its secret and the recovery codes. Codes of the past are used up first. */
async function addApp(page) {
  await page.getByRole('button', { name: 'Add an app' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add an authenticator app' })
  await dialog.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor()
  await audit(page, 'totp-set-up')
  await dialog.getByText('Or type the secret into the app').click()
  const secret = (await dialog.locator('code').textContent()).replaceAll(' ', '')
  await dialog.getByLabel('Code from the app').fill('000000')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await dialog.getByText('This code is not right.').waitFor()
  await dialog.getByLabel('Code from the app').fill(totp(secret, -1))
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  const kept = page.getByRole('dialog', { name: 'Keep these recovery codes' })
  await kept.waitFor()
  await audit(page, 'recovery-codes')
  const codes = await kept.getByRole('listitem').allTextContents()
  await kept.getByRole('button', { name: 'I have kept them' }).click()
  return { secret, codes }
}

async function signOut(page) {
  const told = page.waitForResponse('**/api/v1/auth/logout')
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
  await told
}

test('an authenticator app is set up, asked for at sign-in, and a recovery code stands in for it', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withPerson('Toni Totp', async ({ page, person }) => {
    await openSecurity(page)
    await audit(page, 'security-empty')
    const { secret, codes } = await addApp(page)
    assert.equal(codes.length, 10)
    await page.getByText('10 are left.').waitFor()
    await audit(page, 'security')

    await signOut(page)
    await fillSignIn(page, person)
    await page.getByLabel('Code from your app').fill('000000')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('That is not right.').waitFor()
    await audit(page, 'second-factor')
    await page.getByLabel('Code from your app').fill(totp(secret))
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Your account' }).waitFor()

    await signOut(page)
    await fillSignIn(page, person)
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(codes[0])
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('9 are left.').waitFor()

    await page.getByRole('button', { name: /^Remove / }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('None yet.').waitFor()
  })
})

/** What the server asks for after a right password or a provider's answer. */
async function challengeOf({ email, password }) {
  const response = await fetch(`${baseUrl}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' },
    body: JSON.stringify({ email, password }),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}

test('whoever comes back from a provider is asked for the second factor, then is where they wanted to go', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withPerson('Oda Oidc', async ({ page, person }) => {
    await openSecurity(page)
    const { codes } = await addApp(page)
    await signOut(page)
    const { challenge, methods } = await challengeOf(person)
    const comeBack = (returnTo) => {
      const fields = { challenge, expires_in: '300', methods: methods.join(','), return_to: returnTo }
      return page.goto(`/sign-in#${new URLSearchParams(fields)}`)
    }
    await page.goto('/sign-in?error=link_first')
    await page.getByText('There is an account with this e-mail address already.').waitFor()
    await audit(page, 'sign-in-link-first')
    await page.goto('/register')
    await comeBack('//elsewhere.example')
    await page.getByLabel('Code from your app').waitFor()
    assert.equal(page.url(), `${baseUrl}/`, 'no address leads elsewhere')
    await page.goto('/register')
    await comeBack('/quizzes')
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    assert.equal(page.url(), `${baseUrl}/quizzes`, 'the challenge is gone from the address')
    await page.getByLabel('Recovery code').fill(codes[0])
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Quizzes', level: 1 }).waitFor()
  })
})

test('a passkey is made, signs in without a password, and is removed', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withPerson('Pia Passkey', async ({ context, page }) => {
    const devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await openSecurity(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a passkey' })
    await dialog.getByLabel('Name').fill('School laptop')
    await audit(page, 'passkey-set-up')
    await dialog.getByRole('button', { name: 'Make the passkey' }).click()
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('School laptop').first().waitFor()

    await signOut(page)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    await page.getByRole('button', { name: 'Remove School laptop' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('None yet.').waitFor()
  })
})

test('something dangerous asks who one is over the page, then goes on by itself', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withPerson('Steffi Stepup', async ({ page }) => {
    await page.goto('/account')
    await page.getByLabel('Name of the school').fill('Step School')
    await page.route('**/api/v1/schools', refuse('step_up_required', 403), { times: 1 })
    await page.getByRole('button', { name: 'Found the school' }).click()
    const dialog = page.getByRole('dialog', { name: 'Please confirm that it is you' })
    await dialog.getByLabel('Password').fill('not the password')
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.getByText('The password is not right.').waitFor()
    await audit(page, 'step-up')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Nothing was done, as you did not confirm that it is you.').waitFor()

    await page.route('**/api/v1/schools', refuse('step_up_required', 403), { times: 1 })
    await page.getByRole('button', { name: 'Found the school' }).click()
    await dialog.getByLabel('Password').fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'School', exact: true }).waitFor()
    await page.getByText('Step School').waitFor()
  })
})

test('a school that requires a second factor leads whoever has none to the page that makes one', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withPerson('Rico Required', async ({ page }) => {
    await foundSchool(page, 'Careful School')
    await page.goto('/school/settings')
    await page.getByText('Up to everybody').waitFor()
    await audit(page, 'school-settings')
    await page.getByRole('button', { name: 'Require it of the staff' }).click()
    await page.getByRole('button', { name: 'Require it', exact: true }).click()
    await page.getByText('Required', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Classes' }).click()
    await page.getByText('Your school wants a second factor for every sign-in.').waitFor()
    await audit(page, 'second-factor-required')
    await addApp(page)
    await page.getByRole('link', { name: 'Go on to your classes' }).click()
    await page.getByRole('heading', { name: 'Make your first class' }).waitFor()
  })
})

test('a session on another device is seen and ended, and a changed password ends all others', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withPerson('Dora Devices', async ({ page, person }) => {
    const other = await openPage(browser)
    await enter(other.page, person)
    await page.goto('/account/devices')
    await page.getByText('This device').waitFor()
    await audit(page, 'devices')
    await page.getByRole('button', { name: /^Sign out on / }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out there' }).click()
    await page.getByRole('button', { name: /^Sign out on / }).waitFor({ state: 'detached' })
    await other.page.reload()
    await other.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()

    await enter(other.page, person)
    await openSecurity(page)
    await page.getByLabel('Current password').fill('not the password')
    await page.getByLabel('New password').fill('quiet lamp over river 3')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('This is not your password.').waitFor()
    await page.getByLabel('Current password').fill(person.password)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText(/^Your password is changed\./).waitFor()
    await other.page.reload()
    await other.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    await other.context.close()
    await page.goto('/classes')
    await page.getByRole('heading', { name: 'Make your first class' }).waitFor()
  })
})

test('a name is changed, and everybody on the page sees it', { timeout: TEST_PATIENCE_MS }, async () => {
  await withPerson('Nora Name', async ({ page }) => {
    await page.goto('/account')
    await page.getByLabel('Your name').fill('Nora Newname')
    await audit(page, 'profile')
    await page.getByRole('button', { name: 'Save the name' }).click()
    await page.getByRole('link', { name: 'Your account, Nora Newname' }).waitFor()
  })
})
