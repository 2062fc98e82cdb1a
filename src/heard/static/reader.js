// Keeps an open page as it would be if it were loaded again now, without moving what is being read.
//
// A change is one thing (a post, or an area of the page) in its newest form, under the id that it has on the page.
// `waiting` holds what is not shown yet: new posts, and while the reader has paused, changes of what is there. Only
// what was withdrawn never waits. One tab of a browser leads: it holds the only connection and tells the others.

const $ = id => document.getElementById(id)
const list = $('posts'), { live, order, newest, older, focus } = list.dataset
const more = $('more'), pause = $('pause'), status = $('status'), title = document.title
const waiting = new Map(), posts = list.children, down = order == 'oldest'
const sleep = seconds => new Promise(wake => setTimeout(wake, seconds * 1000))
const newer = (one, two) => +one.split('.')[1] > two.split('.')[1]
const gone = thing => thing.hidden || thing.dataset.gone
const box = thing => thing.getBoundingClientRect()
const parse = html => new DOMParser().parseFromString(html, 'text/html')
let at = list.dataset.at, paused

// An older page keeps its posts. The newest takes in all but those that stand before its first.
const floor = older && [...posts].at(down ? 0 : -1)?.dataset.place || ''
const belongs = thing => newest && thing.dataset.place >= floor

// Showing what came ------------------------------------------------------------------------------------------------

async function take({ how, id, changes, reset }) {
  if (how != null) $('how').textContent = how
  if (reset) await refresh()
  else if (id && newer(id, at)) {
    for (const { html, href } of changes) {
      const thing = parse(html ?? await read(href)).body.firstElementChild
      waiting.set(thing.id, thing)
    }
    at = id
  }
  show()
}

async function read(address) {
  const answer = await fetch(address, { cache: 'no-cache' })
  if (!answer.ok) throw answer
  return answer.text()
}

// The page itself is the whole truth: what it no longer has is taken away, and what differs is changed.
async function refresh() {
  await sleep(Math.random() * 2)
  const page = parse(await read(location))
  at = page.getElementById('posts').dataset.at
  waiting.clear()
  for (const thing of page.querySelectorAll('#state, #summary, #pinned, #key, .pages, .post[id]'))
    if ($(thing.id)?.outerHTML != thing.outerHTML) waiting.set(thing.id, thing)
  still(() => [...posts].forEach(post => page.getElementById(post.id) || post.remove()))
}

function show(all) {
  const things = [...waiting.values()]
  const news = things.filter(thing => !$(thing.id) && belongs(thing) && !gone(thing)).length
  const urgent = things.some(thing => gone(thing) && !gone($(thing.id) ?? thing))
  const atEdge = down ? box(list).bottom <= innerHeight : scrollY < 4
  const fresh = all || atEdge && !paused && !document.hidden
  still(() => things.forEach(thing => {
    const there = $(thing.id)
    if (there ? all || urgent || !paused : fresh || !belongs(thing)) put(thing, there)
  }), fresh && !down)
  const words = news ? `${news} new post${news > 1 ? 's' : ''}` : ''
  if (status.textContent != words) more.textContent = status.textContent = words
  more.hidden = fresh || !news
  document.title = more.hidden ? title : `(${news}) ${title}`
}

function put(thing, there) {
  const { place } = thing.dataset
  waiting.delete(thing.id)
  if (there?.dataset.place == place) return there?.replaceWith(thing)
  there?.remove()
  if (!belongs(thing) && (newest || !there)) return
  there || thing.classList.add('new')
  list.insertBefore(thing, [...posts].find(({ dataset: post }) => down ? post.place > place : post.place < place))
}

// Changes the page, and scrolls by as much as the post being read was moved.
function still(change, atTop) {
  const anchor = [...posts].find(post =>
    box(post).bottom > 0 && box(post).top < innerHeight && !waiting.has(post.id))
  const was = anchor && box(anchor).top
  change()
  if (anchor?.isConnected && !atTop) scrollBy(0, box(anchor).top - was)
}

function go(post) {
  post?.focus()
  post?.scrollIntoView()
}

// Hearing of changes -----------------------------------------------------------------------------------------------

const { locks } = navigator, channel = new BroadcastChannel(live)
let turn = Promise.resolve(), from = at, leads, attempt, again

// News says after which position it goes on: what would leave a gap is not heard, and the leader is told to go back.
// What could not be shown is mended from the page itself.
function hear(news) {
  if (news.id && newer(news.after, from)) return hello()
  from = news.id ?? from
  turn = turn.then(() => take(news)).catch(() => {
    again ||= sleep(15).then(() => { again = 0; hear({ reset: 1 }) })
  })
}

function send(news) {
  news.after = from
  hear(news)
  channel.postMessage(news)
}

// While it leads: the stream, else the long poll, else the page itself; after a while the stream again.
async function lead() {
  for (leads = true; leads;) {
    const { signal } = attempt = new AbortController()
    await stream(signal)
    signal.aborted || await poll(signal).catch(() => look(signal))
  }
}

function stream(signal) {
  return new Promise(done => {
    const source = new EventSource(`${live}?after=${from}`)
    const end = signal.onabort = () => done(source.close())
    let failed = 3
    sleep(8).then(() => source.readyState || end())
    source.onopen = () => { failed = 0; send({ how: '' }) }
    source.onerror = () => (source.readyState == 2 || ++failed > 3) && end()
    for (const type of ['change', 'reset'])
      source.addEventListener(type, ({ lastEventId: id, data }) => send({ id, ...JSON.parse(data) }))
  })
}

async function poll(signal) {
  send({ how: 'Posts come a little late.' })
  for (let times = 99; times--; await sleep(1)) {
    const news = await (await Promise.race([fetch(`${live}/after/${from}`, { signal }), sleep(40)])).json()
    send({ ...news, id: news.next })
  }
}

async function look(signal) {
  for (let times = 8; times-- && !signal.aborted; await sleep(15))
    send({ how: 'Posts come every 15 seconds.', reset: 1 })
}

// The tab that is looked at leads. Whoever comes later, lost the lead or missed news says how far it has read, and
// the leader goes back to there: what a tab knows already does nothing.
const hello = () => channel.postMessage({ from })

function join(steal) {
  if (!locks) return lead()
  hello()
  locks.request(live, { steal }, lead).catch(() => {
    if (!leads) return lead()
    leads = false
    attempt.abort()
    join()
  })
}

if (live) {
  pause.hidden = false
  pause.onclick = () => {
    paused = !paused
    pause.textContent = `${paused ? 'Resume' : 'Pause'} updates`
    show()
  }
  more.onclick = () => {
    const last = list.lastElementChild
    show(true)
    go(down && last?.nextElementSibling || posts[0])
  }
  document.onvisibilitychange = () => {
    if (document.hidden) return
    show()
    leads || join(true)
  }
  channel.onmessage = ({ data }) => {
    if (!data.from) hear(data)
    else if (newer(from, data.from)) { from = data.from; attempt?.abort() }
  }
  join(!document.hidden)
}

// Links to a post that is on this page lead there at once.
document.onclick = event => {
  const post = $('post-' + event.target.closest('[data-post]')?.dataset.post)
  if (!post || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  go(post)
}
$('focus')?.remove()
go($('post-' + focus))
