/** A quiz that is generated: wishes, preview with its keys, saved as a draft of one's own. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { enter, makePerson } from './accounts.mjs'
import { questionCard } from './pages.mjs'
import { audit, callApi, launchBrowser, openPage, screenshot } from './support.mjs'

const TEST_PATIENCE_MS = 240_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

async function withTeacher(name, run) {
  const { context, page, errors } = await openPage(browser)
  try {
    await enter(page, await makePerson(name))
    await page.goto('/quizzes')
    await page.getByRole('link', { name: 'Generate a quiz' }).click()
    await page.getByRole('heading', { name: 'Generate a quiz', level: 1 }).waitFor()
    await run(page)
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'generate-failure')
    throw error
  } finally {
    await context.close()
  }
}

test('a quiz is generated with keys, again with other questions, and saved as a draft', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher('Gus Generate', async (page) => {
    await audit(page, 'generate')
    await page.getByLabel('Questions', { exact: true }).fill('many')
    await page.getByRole('button', { name: 'Generate', exact: true }).click()
    await page.getByText('Please enter a number.').waitFor()
    await audit(page, 'generate-refused')
    await page.getByLabel('Questions', { exact: true }).fill('6')
    await page.getByLabel('Objectives').fill('Add fractions\nCompare fractions')
    await page.getByRole('button', { name: 'Generate', exact: true }).click()
    const questions = page.getByRole('list', { name: 'Questions' })
    await page.getByText(/Made by rules, not by a language model\./).waitFor()
    const shown = questions.locator('.draft-question')
    assert.equal(await shown.count(), 6)
    for (const question of await shown.all())
      assert.ok((await question.locator('.draft-key').count()) > 0, 'every question has its key')
    await audit(page, 'generate-draft')

    const first = await questions.textContent()
    await page.getByRole('button', { name: 'Generate another' }).click()
    await page.waitForFunction(
      (text) => document.querySelector('.draft-questions').textContent !== text,
      first,
    )
    const prompt = await shown.first().locator('.draft-prompt').textContent()
    await page.getByRole('button', { name: 'Save as a quiz' }).click()
    await page.waitForURL(/\/quizzes\/qz_/)
    await page.getByText('Not published yet').waitFor()
    assert.equal(
      await questionCard(page, 1)
        .getByLabel(/^(Question|Statement)$/)
        .inputValue(),
      prompt,
    )
    const { data } = await callApi(page, 'GET', '/api/v1/quizzes')
    assert.equal(data.items.length, 1, 'one quiz was saved')
  })
})

test('a subject that the generator knows nothing of is refused with the reason, and a text cures it', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher('Hana History', async (page) => {
    await page.getByLabel('Subject').fill('History')
    await page.getByRole('button', { name: 'Generate', exact: true }).click()
    await page.getByRole('alert').waitFor()
    await audit(page, 'generate-not-known')
    await page
      .getByLabel('Text', { exact: true })
      .fill(
        'The Roman Empire began in 27 BC when Augustus became the first emperor. The Colosseum was finished in 80 AD under Titus. ' +
          'Hadrian built a long wall in northern Britain. Constantine moved the capital to Byzantium in 330 AD. The western empire fell in 476 AD.',
      )
    await page.getByLabel('Questions', { exact: true }).fill('2')
    await page.getByRole('button', { name: 'Generate', exact: true }).click()
    await page.getByRole('list', { name: 'Questions' }).waitFor()
    await page.getByRole('button', { name: 'Save as a quiz' }).click()
    await page.waitForURL(/\/quizzes\/qz_/)
  })
})
