// The board works without this, and then looks again every few seconds. With it, it is told at once when anything has
// changed, fetches itself and puts the new in place of the old. What it shows while it cannot ask is marked as old.

const main = () => document.getElementById('main'), how = document.getElementById('how')
let asked = Date.now(), alone = false
history.replaceState(null, '', location.pathname)

function say(words) {
  how.hidden = !words
  if (how.textContent !== words) how.textContent = words
  document.body.classList.toggle('old', Boolean(words))
}

// Somebody may be writing in a form of this page: then it waits until they are done.
const writing = () => document.activeElement?.matches('main :is(input, textarea, select)')

async function look() {
  const answer = await fetch(location.href, { cache: 'no-store' })
  if (!answer.ok || answer.redirected) return location.reload()
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const held = document.activeElement?.id
  main().replaceWith(fresh.getElementById('main'))
  document.title = fresh.title
  if (held) document.getElementById(held)?.focus()
}

async function follow() {
  const answer = await fetch(`/watch/live?after=${main().dataset.changed}`, {
    cache: 'no-store', signal: AbortSignal.timeout(40000),
  })
  if (answer.redirected) return location.reload()
  if (!answer.ok) throw new Error(answer.status)
  const { changed } = await answer.json()
  while (writing()) await new Promise(done => setTimeout(done, 300))
  // Also when nothing has changed: times pass, and what was known is not known any more.
  await look()
  return changed
}

for (;;) {
  try {
    await follow()
    asked = Date.now()
    alone = false
    say('')
  } catch {
    if (!alone) alone = new Date(asked).toLocaleTimeString('en-GB')
    say(`Not connected. This is how it stood at ${alone}; nothing newer is known here.`)
    await new Promise(done => setTimeout(done, 1000))
  }
}
