#!/usr/bin/env node
// Timestamp servers in Node as they are found in the wild, one shape each; wild.tsv says what to think of them.
//
// usage: wild.js SHAPE [URI]    tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when it is ready
'use strict';
const net = require('net');
const dgram = require('dgram');
const readline = require('readline');

const now = () => new Date();
const started = now();
const chunks = (client, answer) => client.on('data', answer);
const shapes = {
    // Correct, in Node's own time texts.
    'to-string': (c) => chunks(c, (data) => c.write(Buffer.concat([Buffer.from(`[${now()}] `), data]))),
    'iso': (c) => chunks(c, (data) => { c.write(`[${now().toISOString()}]`); c.write(data); }),
    'utc': (c) => chunks(c, (data) => c.write(Buffer.concat([Buffer.from(`[${now().toUTCString()}] `), data]))),
    // A string where bytes belong.
    'string': (c) => chunks(c, (data) => c.write(`[${now().toISOString()}] ${data}`)),
    'encoding': (c) => { c.setEncoding('utf8'); chunks(c, (data) => c.write(`[${now().toISOString()}] ${data}`)); },
    'locale': (c) => chunks(c, (data) => c.write(`[${now().toLocaleString('en-US')}] ${data}`)),
    'trim': (c) => chunks(c, (data) => c.write(`[${now().toISOString()}] ${data.toString('latin1').trim()}`, 'latin1')),
    'readline': (c) => readline.createInterface({ input: c }).on('line', (line) => c.write(`[${now().toISOString()}] ${line}\r\n`)),
    'object': (c) => chunks(c, (data) => c.write(JSON.stringify({ time: now(), data: data.toString() }))),
    'inspect': (c) => chunks(c, (data) => c.write(`[${now().toISOString()}] ${require('util').inspect(data)}`)),
    'started': (c) => chunks(c, (data) => c.write(Buffer.concat([Buffer.from(`[${started.toISOString()}] `), data]))),
    'connected': (c) => { const at = now().toISOString(); chunks(c, (data) => c.write(Buffer.concat([Buffer.from(`[${at}] `), data]))); },
    'log': (c) => chunks(c, (data) => c.write(Buffer.concat([Buffer.from(now().toISOString().replace(/-/g, '/').replace('T', ' ').slice(0, 19) + ' '), data]))),
    'template': (c) => chunks(c, (data) => c.write(Buffer.concat([Buffer.from('[${new Date()}] '), data]))),
    'day': (c) => chunks(c, (data) => c.write(Buffer.concat([Buffer.from(`[${now().toLocaleDateString('en-US')}] `), data]))),
    // one message, and the next only when that is answered: what comes meanwhile is nobody's
    'once': (c) => {
        const next = () => c.once('data', (data) => c.write(Buffer.concat([Buffer.from(`[${now()}] `), data]), () => setTimeout(next, 5)));
        c.on('end', () => c.end());
        next();
    },
    // a stream of events: unasked, and for as long as anybody listens
    'events': (c) => {
        c.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
        const timer = setInterval(() => c.write(`data: ${now()}\n\n`), 500);
        c.on('close', () => clearInterval(timer));
    },
    'greets': (c) => { c.write('hello\r\n'); chunks(c, (data) => c.write(Buffer.concat([Buffer.from(`[${now()}] `), data]))); },
    'ends': (c) => chunks(c, (data) => c.end(Buffer.concat([Buffer.from(`[${now()}] `), data]))),
    'month': (c) => chunks(c, (data) => {
        const t = now(), two = (n) => String(n).padStart(2, '0');
        const text = `${t.getFullYear()}-${two(t.getMonth())}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
        c.write(Buffer.concat([Buffer.from(`[${text}] `), data]));
    }),
    'chat': (c) => { clients.add(c); c.on('close', () => clients.delete(c)); chunks(c, (data) => clients.forEach((d) => d.write(Buffer.concat([Buffer.from(`[${now()}] `), data])))); },
};
const clients = new Set();

const shape = shapes[process.argv[2]];
const { protocol, hostname, port } = new URL(process.argv[3] || 'tcp://127.0.0.1:0');
if (!shape) {
    console.error(`usage: wild.js SHAPE [URI]; shapes: ${Object.keys(shapes).join(' ')}`);
    process.exit(2);
}
if (protocol === 'udp:') {
    const server = dgram.createSocket('udp4');
    const client = (from) => ({ on: (_, answer) => answer(from.data), write: (reply) => server.send(reply, from.port, from.address), setEncoding() {} });
    server.on('message', (data, from) => shape(client({ data, ...from })));
    server.bind(Number(port), hostname, () => console.log(`udp://${hostname}:${server.address().port}`));
} else {
    const server = net.createServer((client) => { client.on('error', () => {}); shape(client); });
    server.listen(Number(port), hostname, () => console.log(`tcp://${hostname}:${server.address().port}`));
}
