#!/usr/bin/env node
// Correct timestamp servers on Node that are unusual, one shape each.
//
// usage: odd.js SHAPE [URI]    tcp://HOST:PORT, udp://HOST:PORT or unix:PATH; prints the URI with its real port when ready
'use strict';
const fs = require('fs');
const net = require('net');
const dgram = require('dgram');
const { Transform, pipeline } = require('stream');

const bytes = (text) => Buffer.from(text);
const reply = (time, separator, data) => Buffer.concat([bytes(`[${time}]${separator}`), data]);

// A stream that answers each chunk, piped from the client back to itself: back-pressure comes for nothing.
const answering = (time, separator) =>
    new Transform({ transform: (data, _, done) => done(null, reply(time(), separator, data)) });

// A stream that answers each line, and ends at an empty one.
const answeringLines = (time) => {
    let rest = Buffer.alloc(0);
    return new Transform({
        transform(data, _, done) {
            rest = Buffer.concat([rest, data]);
            for (let at; !this.over && (at = rest.indexOf('\n')) >= 0; rest = rest.subarray(at + 1)) {
                const line = rest.subarray(0, at + 1);
                if (line.equals(bytes('\n')) || line.equals(bytes('\r\n'))) this.over = true;
                else this.push(reply(time(), ' ', line));
            }
            if (this.over) this.push(null);
            done();
        },
        flush(done) {
            if (rest.length && !this.over) this.push(reply(time(), ' ', rest));
            done();
        },
    });
};

const shapes = {
    'js-text': () => answering(() => new Date().toString(), ' '),
    'js-utc': () => answering(() => new Date().toUTCString(), ''),
    'js-iso': () => answering(() => new Date().toISOString(), ''),
    'js-now': () => answering(() => Date.now(), ' '),
    'js-lines': () => answeringLines(() => new Date().toISOString()),
    'js-pairs': () => answering(() => new Date().toISOString().replace('T', ' ').replace('Z', ''), '  '),
};

const uri = process.argv[3] || 'tcp://127.0.0.1:0';
const make = shapes[process.argv[2]];
if (!make) {
    console.error(`usage: odd.js SHAPE [URI]; shapes: ${Object.keys(shapes).join(' ')}`);
    process.exit(2);
}
if (uri.startsWith('udp:')) {
    const { hostname, port } = new URL(uri);
    const server = dgram.createSocket(hostname.startsWith('[') ? 'udp6' : 'udp4');
    server.on('message', (data, from) => server.send(reply(new Date().toString(), ' ', data), from.port, from.address, () => {}));
    server.bind(Number(port), hostname.replace(/[[\]]/g, ''), () => console.log(`udp://${hostname}:${server.address().port}`));
} else {
    // allowHalfOpen: what the client sent before its end is answered after it.
    const server = net.createServer({ allowHalfOpen: true }, (client) => pipeline(client, make(), client, () => client.destroy()));
    if (uri.startsWith('unix:')) {
        fs.rmSync(uri.slice(5), { force: true });
        server.listen(uri.slice(5), () => console.log(uri));
    } else {
        const { hostname, port } = new URL(uri);
        server.listen(Number(port), hostname.replace(/[[\]]/g, ''), () => console.log(`tcp://${hostname}:${server.address().port}`));
    }
}
