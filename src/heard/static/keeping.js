// Every field that somebody types into on the desk is kept on this device as it is typed, and let go when the server has
// taken it: in each form that says so (`data-keep`), and never on a page that is to be kept nowhere (those of the orders:
// no protected name is ever on a phone). The box of a new post has its outbox besides; see composer.js.

import { draft, keepDraft, pictureOf } from './kept.js'
import { isTyped, putBack, valuesOf } from './typed.js'

// Which of them this tab sent last: whether it was taken, the page that is answered says.
const SENT = 'heard sent'

// The next page answers what is sent last, also where that is kept nowhere.
document.addEventListener('submit', () => {
  try { sessionStorage.removeItem(SENT) } catch { /* a browser that keeps nothing */ }
}, true)

export function isSent(name) {
  try { sessionStorage.setItem(SENT, name) } catch { /* a browser that keeps nothing */ }
}

// Forgets what was taken; answers the name of what was refused.
export async function answered(done, refused) {
  const name = sessionStorage.getItem(SENT)
  sessionStorage.removeItem(SENT)
  if (!name || !done) return refused ? name : null
  await keepDraft(name, null)
  await keepDraft(pictureOf(name), null)
  return null
}

export function keepAll(within, account, refused) {
  for (const form of within.querySelectorAll('form[data-keep]'))
    if (!form.closest('[data-kept-nowhere]')) keepForm(form, account, refused).catch(() => {})
}

async function keepForm(form, account, refused) {
  const name = nameOf(form, account), { once } = form.elements
  let own = once?.value, edits = 0
  const keep = () => {
    if (once) once.value = `${own}-${++edits}`
    keepDraft(name, isTyped(form) ? { account, values: valuesOf(form, true), once: once?.value } : null).catch(() => {})
  }
  form.addEventListener('input', keep)
  form.addEventListener('change', keep)
  form.addEventListener('submit', () => isSent(name))
  const kept = await draft(name)
  if (!kept || edits) return
  // After a refusal the server gives back what it was sent, which is newer, and asks for it under a key of its own.
  putBack(form, kept.values, name === refused)
  if (once && kept.once && name !== refused) own = once.value = kept.once
}

// The same form on the next page, whatever key it has there: what it does, and to what.
const OF_THE_PAGE = ['once', 'based_on', 'picture']
const nameOf = (form, account) => {
  const to = [...form.querySelectorAll('input[type=hidden]')].filter(one => !OF_THE_PAGE.includes(one.name))
  return [account, new URL(form.action).pathname, ...to.map(one => one.value)].join(' ')
}
