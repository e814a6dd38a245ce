/** Who comes into a school and what becomes of them: invitations, an admin's work with people; and a parent. */
import { after, before, test } from 'node:test'
import { enter, makePerson, PASSWORD, uniqueAddress, withAdmin } from './accounts.mjs'
import { audit, fillSignIn, launchBrowser, linkInMail, openPage } from './support.mjs'

const TEST_PATIENCE_MS = 240_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** Invites an address as a teacher and answers the link of the mail. */
async function invite(page, email) {
  await page.goto('/school/invitations')
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Send the invitation' }).click()
  await page.getByRole('button', { name: `Withdraw the invitation to ${email}` }).waitFor()
  return linkInMail(email, '/accept-invitation')
}

/** Accepts an invitation as somebody new and signs in, in a profile of its own. */
async function accept(link, name, email) {
  const { context, page } = await openPage(browser)
  await page.goto(link)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await audit(page, 'accept-invitation')
  await page.getByRole('button', { name: 'Make the account and join' }).click()
  await page.getByRole('heading', { name: /^Welcome to / }).waitFor()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await fillSignIn(page, { email, password: PASSWORD })
  await page.getByRole('heading', { name: 'Make your first class' }).waitFor()
  return { context, page }
}

async function openPerson(page, name) {
  await page.goto('/school/people')
  await page.getByLabel('Name or e-mail').fill(name)
  await page.getByRole('button', { name: `Manage ${name}` }).click()
  return page.getByRole('dialog', { name })
}

test('somebody is invited, joins, changes role, is suspended, restored and removed, and the audit log says so', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withAdmin(browser, 'Ada Admin', async ({ page }) => {
    const email = uniqueAddress('colleague')
    const link = await invite(page, email)
    await audit(page, 'invitations')
    const name = `Carl ${email.split('@')[0].split('-')[1]}`
    const colleague = await accept(link, name, email)
    await page.goto('/school/people')
    await page.getByRole('button', { name: `Manage ${name}` }).waitFor()
    await audit(page, 'people')

    let dialog = await openPerson(page, name)
    await audit(page, 'person')
    await dialog.getByRole('button', { name: 'Suspend…' }).click()
    await dialog.getByLabel('Reason').fill('Left the school')
    await audit(page, 'person-suspend')
    await dialog.getByRole('button', { name: 'Suspend', exact: true }).click()
    await dialog.getByText('Suspended: every sign-in is refused.').waitFor()
    await colleague.page.reload()
    await colleague.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    await dialog.getByRole('button', { name: 'Restore' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Restore' }).click()
    await dialog.waitFor({ state: 'detached' })
    await enter(colleague.page, { email, password: PASSWORD })

    dialog = await openPerson(page, name)
    const radio = dialog.getByRole('radio', { name: 'Admin' })
    await radio.focus()
    await radio.press('Space')
    await dialog.getByRole('button', { name: 'Change the role' }).click()
    await page.getByText(`${name} is now admin.`).waitFor()
    await dialog.getByRole('button', { name: 'Remove from the school' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove for good' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Nobody is found').waitFor()
    await colleague.context.close()
    await page.goto('/school/audit')
    const log = page.getByRole('table')
    for (const action of ['Person suspended', 'Person restored', 'Role changed', 'Person removed'])
      await log.getByText(action, { exact: true }).waitFor()
    await log.getByText('“Left the school”').waitFor()
  })
})

test('an invitation that was withdrawn does not work any more', { timeout: TEST_PATIENCE_MS }, async () => {
  await withAdmin(browser, 'Willa Withdraw', async ({ page }) => {
    const email = uniqueAddress('withdrawn')
    const link = await invite(page, email)
    await page.getByRole('button', { name: `Withdraw the invitation to ${email}` }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Withdraw' }).click()
    await page.getByText('Withdrawn', { exact: true }).waitFor()
    await page.goto(link)
    await page.getByRole('heading', { name: 'This invitation does not work any more' }).waitFor()
    await audit(page, 'accept-invitation-used')
  })
})

test('a parent sees their own page, and a wrong code is refused', { timeout: TEST_PATIENCE_MS }, async () => {
  const { context, page } = await openPage(browser)
  try {
    const parent = await makePerson('Petra Parent', 'parent')
    await enter(page, parent, 'Your children')
    await page.getByText('No child is linked yet').waitFor()
    await page.getByLabel('Code from the teacher').fill('ZZZZ-ZZZZ')
    await page.getByRole('button', { name: 'Link your child' }).click()
    await page.getByText('This code is not right, was used, or is too old.').waitFor()
    await audit(page, 'family')
    await page.goto('/classes')
    await page.getByText('There is nothing at this address').waitFor()
  } finally {
    await context.close()
  }
})
