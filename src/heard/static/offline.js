// The desk without a line. Who is signed in and which cases they wrote for before is known on this device, by id and by
// address; nothing of what the desk shows is.

import { fact, works } from './kept.js'

const account = (await works()) && (await fact('account'))
const places = ((await fact('places').catch(() => [])) ?? []).sort()
const [, slug] = /^[/]desk[/]([a-z0-9-]+)[/]/.exec(location.pathname) ?? []
const composer = document.getElementById('composer')

document.querySelector('#again a').href = location.href

if (account && places.includes(slug)) {
  composer.dataset.case = slug
  document.querySelector('h1').textContent = `No line to the desk: ${slug}`
  document.title = `${slug} – no line – Desk – Heard`
  // Who is of the case is not kept on this device, so nobody can be picked.
  const fields = document.getElementById('publish').elements
  for (const name of ['speaker', 'setting', 'as_said']) fields[name].closest('p').hidden = true
  // Kept at the server, which takes a line; a draft that was opened is gone on with here.
  document.getElementById('keep-draft').hidden = true
  fields.draft.value = new URL(location.href).searchParams.get('draft') ?? ''
  const { compose } = await import('./composer.js')
  const { pasteInto } = await import('./pasting.js')
  const { sendByKeys } = await import('./enter.js')
  pasteInto(fields.text)
  sendByKeys()
  await compose(account, true)
} else {
  composer.hidden = true
  document.querySelector('main > p').textContent = 'There is no line. What you wrote before is kept on this device.'
  const list = document.getElementById('places')
  list.hidden = !places.length
  for (const one of places) {
    const line = document.createElement('li')
    line.append(Object.assign(document.createElement('a'), { href: `/desk/${one}/`, textContent: one }))
    list.append(line)
  }
}
