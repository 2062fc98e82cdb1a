// Reads a stream with the npm package `eventsource` and prints each event as one line of JSON: [type, id, data].
//     node read_stream.mjs PACKAGE_FOLDER ADDRESS
import { pathToFileURL } from 'node:url'

const { EventSource } = await import(pathToFileURL(process.argv[2] + '/dist/index.js').href)
const source = new EventSource(process.argv[3])
const tell = (event) => console.log(JSON.stringify([event.type, event.lastEventId, event.data]))
for (const type of ['change', 'reset', 'message']) source.addEventListener(type, tell)
source.addEventListener('open', () => console.log('"open"'))
