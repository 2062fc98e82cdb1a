// What is pasted from Word, Google Docs or a page comes in as the Markdown that the box takes: paragraphs, lists,
// emphasis, links. Everything else of it stays outside: styles, comments, pictures, characters that nobody sees.

const BLOCKS = /^(P|DIV|LI|UL|OL|TR|TABLE|H[1-6]|BLOCKQUOTE|SECTION|ARTICLE|HEADER|FOOTER|PRE)$/
const NOTHING = /^(STYLE|SCRIPT|META|LINK|TITLE|HEAD|TEMPLATE|IMG|SVG|OBJECT|IFRAME|NOSCRIPT)$/
// Zero-width, soft hyphens, marks of direction, the byte order mark, what Word puts where it has no character.
const UNSEEN = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc\ufffd]/g
const BOLD = /font-weight:\s*(bold|[6-9]00)/i, LIGHT = /font-weight:\s*(normal|[1-5]00)/i
const SLANTED = /font-style:\s*italic/i, UPRIGHT = /font-style:\s*normal/i
const STYLES = /<style[^]*?<[/]style>/gi, TAG = /<[a-z][^>]*>/gi, STYLE = /\sstyle=/gi, HANDLER = /\son[a-z]+=/gi

export function pasteInto(box) {
  box.addEventListener('paste', event => {
    const [html, plain] = ['text/html', 'text/plain'].map(sort => event.clipboardData.getData(sort))
    if (!html && !plain) return
    event.preventDefault()
    const words = (html && markdownOf(html)) || tidy(plain)
    // The way that can be undone with Ctrl+Z, where there is one.
    if (!document.execCommand('insertText', false, words)) {
      box.setRangeText(words, box.selectionStart, box.selectionEnd, 'end')
      box.dispatchEvent(new Event('input', { bubbles: true }))
    }
  })
}

export function markdownOf(html) {
  // In a template nothing runs and nothing is loaded. Styles and handlers get other names, since the page's own
  // policy complains of each; styles are read under theirs.
  const page = document.createElement('template')
  const renamed = tag => tag.replace(STYLE, ' data-how=').replace(HANDLER, ' data-on=')
  page.innerHTML = html.replace(STYLES, '').replace(TAG, renamed)
  return tidy(inside(page.content, {}))
}

const tidy = words =>
  words.normalize('NFC').replace(/\r\n?/g, '\n').replace(UNSEEN, '').replace(/[\u00a0\u202f\t]/g, ' ')
    .replace(/\x20*\n\x20*/g, '\n').replace(/\n{3,}/g, '\n\n').replace(/\x20{2,}/g, ' ').trim()

function inside(node, how) {
  let words = ''
  for (const one of node.childNodes) {
    if (one.nodeType === Node.TEXT_NODE) words += escaped(one.data.replace(/\s+/g, ' '))
    else if (one.nodeType === Node.ELEMENT_NODE) words += element(one, how)
  }
  return words
}

const escaped = words => words.replace(/[*`\\]/g, sign => `\\${sign}`)

function element(one, how) {
  const name = one.tagName.toUpperCase(), style = one.dataset?.how ?? ''
  if (NOTHING.test(name) || name.includes(':') && !one.textContent.trim()) return ''
  // Word draws its bullets and numbers itself, as text that is marked to be left out.
  if (/mso-list:\s*ignore/i.test(style) || /display:\s*none/i.test(style)) return ''
  if (name === 'BR') return '\n'
  const listed = name === 'LI' || /MsoListParagraph/.test(one.className)
  if (name === 'OL' || name === 'UL') return `\n\n${inside(one, { ...how, ordered: name === 'OL' })}\n\n`
  if (listed) return `\n${number(one, how)}${inside(one, how).trim()}`
  if (BLOCKS.test(name)) return `\n\n${inside(one, how)}\n\n`
  return inline(one, name, style, how)
}

const number = (one, { ordered }) =>
  ordered ? `${[...one.parentNode.children].indexOf(one) + 1}. ` : '- '

function inline(one, name, style, how) {
  const bold = BOLD.test(style) || /^(B|STRONG)$/.test(name)
  const slanted = SLANTED.test(style) || /^(I|EM|CITE)$/.test(name)
  const strong = bold && !LIGHT.test(style), emphasis = slanted && !UPRIGHT.test(style)
  const words = inside(one, { ...how, strong: how.strong || strong, emphasis: how.emphasis || emphasis })
  if (name === 'A' && /^https?:/i.test(one.getAttribute('href') ?? '')) return link(words, one.getAttribute('href'))
  if (/\n/.test(words.trim())) return words
  return wrapped(wrapped(words, emphasis && !how.emphasis ? '*' : ''), strong && !how.strong ? '**' : '')
}

// Google sends its links through itself, with who followed them.
function link(words, address) {
  let to = new URL(address)
  if (/(^|\.)google\.[a-z.]+$/.test(to.hostname) && to.pathname === '/url') to = new URL(to.searchParams.get('q') ?? to)
  const shown = words.trim().replace(/[[\]]/g, '')
  if (!/^https?:$/.test(to.protocol) || !shown) return words
  return `[${shown}](${to.href.replace(/[()]/g, sign => (sign === '(' ? '%28' : '%29'))})`
}

// Signs stand at the words and not at the spaces around them, or they mean nothing.
function wrapped(words, sign) {
  const [, before, core, after] = /^(\s*)([^]*?)(\s*)$/.exec(words)
  return sign && core ? `${before}${sign}${core}${sign}${after}` : words
}
