/** A server that is told what happens in a class: added, told, and deleted again. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Receiver } from '../realtime/receiver.mjs'
import { until } from '../realtime/stage.mjs'
import { makeClass, unique } from './pages.mjs'
import { audit, launchBrowser, openPage, screenshot, signIn } from './support.mjs'

const TEST_PATIENCE_MS = 300_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** Adds it in the dialog, and answers the secret that is shown. */
async function addWebhook(page, url) {
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add a webhook' })
  await dialog.getByLabel('URL').fill('http://printer.local/')
  await dialog.getByRole('button', { name: 'Add the webhook' }).click()
  await dialog.getByText('a public host name').first().waitFor()
  await dialog.getByLabel('URL').fill(url)
  await dialog.getByText('A channel has lost its last listener').click()
  await audit(page, 'class-add-webhook')
  await dialog.getByRole('button', { name: 'Add the webhook' }).click()
  const shown = page.getByRole('dialog', { name: 'Keep this secret' })
  const secret = (await shown.locator('.code-block').textContent()).trim()
  await audit(page, 'class-webhook-secret')
  await shown.getByRole('button', { name: 'I have kept it' }).click()
  await shown.waitFor({ state: 'detached' })
  return secret
}

test('a teacher adds a webhook, its server is told who left, and the teacher deletes it again', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  const receiver = await new Receiver().start()
  const { page, context, errors } = await openPage(browser)
  try {
    await signIn(page)
    const { id } = await makeClass(page, unique('Told class'))
    const secret = await addWebhook(page, receiver.url)
    await page.getByText('nothing sent yet').waitFor()
    await page.goto('/classes')
    const isVacated = ({ name, channel }) => name === 'channel_vacated' && channel === 'private-class'
    await until('the server is told', () => receiver.events().some(isVacated), 60_000)
    for (const { headers, rawBody } of receiver.requests) {
      const signature = createHmac('sha256', secret).update(rawBody).digest('hex')
      assert.equal(headers['x-pusher-signature'], signature)
    }

    await page.goto(`/classes/${id}`)
    await page.getByText('last sent').waitFor()
    await page.getByRole('button', { name: `Delete the webhook to ${receiver.url}` }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No server is told').waitFor()
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'webhooks-failure')
    throw error
  } finally {
    await context.close()
    await receiver.stop()
  }
})
