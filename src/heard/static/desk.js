// The desk works without this. It adds a key to publish with, and keeps what was typed and not yet sent: the words are
// kept with an idempotency key of their own, so that what is sent twice over a bad line is published once.

const said = document.querySelector('.error') ? 'no' : document.querySelector('.done') ? 'yes' : ''

// Storage may be full or forbidden. Then nothing is kept, and everything else still works.
function remember(storage, name, value) {
  try {
    if (value === null) window[storage].removeItem(name)
    else if (value !== undefined) window[storage].setItem(name, JSON.stringify(value))
    return JSON.parse(window[storage].getItem(name))
  } catch {
    return null
  }
}

const lastSent = `heard sent ${location.pathname}`
const sent = remember('sessionStorage', lastSent)
remember('sessionStorage', lastSent, null)

for (const form of document.querySelectorAll('form[data-keep]')) {
  const { text, once, post } = form.elements, own = once.value
  const name = `heard draft ${location.pathname} ${post?.value ?? 'new'}`
  const draft = remember('localStorage', name)
  let edits = 0

  // After a refusal the server gives back what it was sent, which is newer than what was kept here.
  if (draft && said === 'yes' && draft.once === sent) remember('localStorage', name, null)
  else if (draft && said !== 'no' && draft.text !== text.defaultValue) {
    text.value = draft.text
    once.value = draft.once
    form.closest('details')?.setAttribute('open', '')
  }

  text.addEventListener('input', () => {
    once.value = `${own}-${++edits}`
    remember('localStorage', name, text.value.trim() ? { text: text.value, once: once.value } : null)
  })
  form.addEventListener('submit', () => remember('sessionStorage', lastSent, once.value))
}

document.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !event.target.matches('[data-send]')) return
  event.preventDefault()
  event.target.form.requestSubmit()
})

if (/Mac|iP(hone|ad)/.test(navigator.userAgent))
  for (const hint of document.querySelectorAll('.hint')) hint.textContent = '⌘ + Enter publishes'
