// Sends what waits: in order, each under a key of its own, so that what is sent again over a bad line is published
// once. Run by the desk's pages and by their worker; a lock of the browser sees to it that one of them does.

import { fact, rewrite, sent, waiting } from './kept.js'

const PATIENCE_MS = 20000
// A picture of 16 MB over a poor line.
const PICTURE_PATIENCE_MS = 180000
// Our own mistakes in a row, for one post, before the others are let past it.
const MISTAKES = 5
const KEPT_ALIVE = 15000

export const news = new BroadcastChannel('heard outbox')

// What became of it: '' when nothing waits any more, or why the rest has to wait: 'line', 'later', 'signed out'.
export function send(account, tell) {
  return navigator.locks.request('heard outbox', async () => {
    for (const post of await waiting()) {
      if (post.account !== account || post.state) continue
      const why = await sendOne(post, tell)
      news.postMessage({})
      if (why) return why
    }
    return ''
  })
}

async function sendOne(post, tell) {
  const { file, alt, caption, credit } = post.typed ?? {}
  // The picture first. The same file sent again is the same picture, so nothing is lost by not knowing that it arrived.
  if (file && !post.media) {
    const named = { 'Content-Type': file.type || 'application/octet-stream', 'Heard-File-Name': encodeURIComponent(file.name) }
    const { said, why } = await deliver(post, 'pictures', named, file, PICTURE_PATIENCE_MS)
    if (!said?.media) return why ?? 'later'
    await rewrite((post = { ...post, media: said.media }))
  }
  const pictures = post.media ? { pictures: [{ media: post.media, alt, caption, credit }] } : {}
  const body = JSON.stringify({ ...post.body, ...pictures, written_at: post.written_at })
  // Noted before: from here on it may have arrived, and only the same key makes sure that it does so once.
  if (!post.tried) await rewrite((post = { ...post, tried: true }))
  const named = { 'Content-Type': 'application/json', 'Idempotency-Key': post.key }
  const { said, why } = await deliver(post, 'posts', named, body, PATIENCE_MS)
  if (!said?.id) return why ?? 'later'
  await sent(post)
  tell?.(post, said)
  news.postMessage({ sent: post, said })
  return ''
}

// What was answered when it was taken, or why not: then the post waits, or was set aside.
async function deliver(post, what, named, body, patience) {
  let answer, said
  try {
    answer = await fetch(`/api/v1/cases/${post.case}/${what}`, {
      method: 'POST',
      headers: { ...named, 'Heard-Account': post.account },
      body,
      redirect: 'error',
      // It may outlive the page; a browser lets some 64 kB do so.
      keepalive: (body.length ?? body.size) < KEPT_ALIVE,
      signal: AbortSignal.timeout(patience),
    })
    said = await answer.json()
  } catch {
    return { why: answer && answer.status !== 200 ? 'later' : 'line' }
  }
  return answer.ok ? { said } : { why: await notTaken(post, answer, said) }
}

async function notTaken(post, answer, said) {
  // Whoever answered was not Heard: the page of a station's network, or something in between.
  if (typeof said.detail !== 'string') return 'later'
  if (answer.status === 401) return 'signed out'
  if (answer.status === 500) return mistaken(post, said)
  if (answer.status > 500 || answer.status === 429) return 'later'
  // Of a draft that is gone it is a post of its own from here on; of one that somebody changed, it is sent over that.
  const of = said.draft === 'gone' ? { draft: undefined, stood: undefined } : said.stood ? { stood: said.stood } : {}
  const [body, typed] = [post.body, post.typed].map(one => ({ ...one, ...of }))
  await setAside({ ...post, body, typed, ask: said.ask }, 'refused', said.detail)
  return ''
}

async function mistaken(post, said) {
  const mistakes = (post.mistakes ?? 0) + 1
  if (mistakes >= MISTAKES) await setAside({ ...post, mistakes }, 'stuck', said.detail)
  else await rewrite({ ...post, mistakes })
  return mistakes >= MISTAKES ? '' : 'later'
}

const setAside = (post, state, why) => rewrite({ ...post, state, why })

// By the worker, when the browser says that there is a line again and no page is open.
export const sendUnattended = async () => {
  const account = await fact('account')
  const why = account ? await send(account) : ''
  if (why === 'line' || why === 'later') throw new Error(why)
}
