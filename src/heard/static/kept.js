// What the desk keeps on this device: drafts as one types, posts that wait to be sent, and a few facts (who is signed
// in, how wrong the clock is). IndexedDB, so that the worker can send too. Of what others wrote there is here only what
// somebody goes on with: a draft, or a post that is put right.

const NAME = 'heard desk'
let opening

function open() {
  return (opening ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1)
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore('drafts')
      asked.result.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true })
      asked.result.createObjectStore('facts')
    }
    asked.onsuccess = () => {
      // Whoever wants to delete all of it, at sign-out, is not kept waiting by this page.
      asked.result.onversionchange = () => asked.result.close()
      done(asked.result)
    }
    asked.onerror = () => failed(asked.error)
    asked.onblocked = () => failed(new Error('blocked'))
  }))
}

// One transaction over all stores; what `work` asks for last is answered. Strict: on disk before it counts as kept.
async function within(mode, work, durability = 'strict') {
  const db = await open()
  return new Promise((done, failed) => {
    const change = db.transaction(['drafts', 'outbox', 'facts'], mode, { durability })
    const asked = work(change)
    change.oncomplete = () => done(asked?.result)
    change.onabort = change.onerror = () => failed(change.error)
    // Begun at once, also while the page is being left.
    if (mode === 'readwrite') change.commit?.()
  })
}

export const works = () => open().then(() => Boolean(navigator.locks), () => false)

export const fact = name => within('readonly', change => change.objectStore('facts').get(name))
export const note = (name, value) => within('readwrite', change => change.objectStore('facts').put(value, name))

export const draft = name => within('readonly', change => change.objectStore('drafts').get(name))
// Handed to the system at once, which outlives the browser; waiting for the disk at each key would put the last keys at
// the end of a queue.
export const keepDraft = (name, kept) =>
  within('readwrite', change => {
    const drafts = change.objectStore('drafts')
    if (kept) drafts.put(kept, name)
    else drafts.delete(name)
  }, 'relaxed')

// Apart from the words, which are written anew at every key.
export const pictureOf = draftName => `${draftName} picture`

// From the box into the outbox, and back, in one step each: the words are always in one of the two and never in both.
export const enqueue = (post, draftName) =>
  within('readwrite', change => {
    change.objectStore('drafts').delete(draftName)
    change.objectStore('drafts').delete(pictureOf(draftName))
    return change.objectStore('outbox').add(post)
  })
export const takeBack = (post, draftName, kept) =>
  within('readwrite', change => {
    const { file, ...words } = kept
    change.objectStore('drafts').put(words, draftName)
    if (file) change.objectStore('drafts').put({ account: kept.account, file }, pictureOf(draftName))
    change.objectStore('outbox').delete(post.n)
  })

export const waiting = () => within('readonly', change => change.objectStore('outbox').getAll())
export const rewrite = post => within('readwrite', change => { change.objectStore('outbox').put(post) })
export const sent = post => within('readwrite', change => { change.objectStore('outbox').delete(post.n) })

// What an account would lose if all were deleted now, in words; '' if nothing.
export async function unsent(account) {
  const drafts = await within('readonly', change => change.objectStore('drafts').getAll())
  const posts = await waiting()
  const count = { text: 0, picture: 0, form: 0 }
  for (const one of [...drafts, ...posts])
    if (one.account === account) count[one.values ? 'form' : one.file && !one.typed ? 'picture' : 'text']++
  const told = Object.entries(count).filter(([, n]) => n).map(([what, n]) => `${n} ${what}${n === 1 ? '' : 's'}`)
  return told.join(', ') + (count.form ? ' that you began to fill in' : '')
}

export async function forgetAll() {
  const db = await open().catch(() => null)
  db?.close()
  opening = undefined
  await new Promise(done => {
    const asked = indexedDB.deleteDatabase(NAME)
    asked.onsuccess = asked.onerror = asked.onblocked = done
  })
}
