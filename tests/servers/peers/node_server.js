#!/usr/bin/env node
// A timestamp server on Node's net and dgram.
//
// usage: node_server.js URI    tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when ready
'use strict';
const net = require('net');
const dgram = require('dgram');

const stamp = () => Buffer.from(`[${new Date().toISOString()}]`);
const uri = new URL(process.argv[2] || 'tcp://127.0.0.1:0');
const port = Number(uri.port);
const ready = (address) => console.log(`${uri.protocol}//${address.address}:${address.port}`);

if (uri.protocol === 'udp:') {
    const server = dgram.createSocket('udp4');
    server.on('message', (data, from) => server.send([stamp(), data], from.port, from.address));
    server.bind(port, uri.hostname, () => ready(server.address()));
} else {
    const server = net.createServer({ noDelay: true }, (client) => {
        client.on('data', (data) => {
            if (!client.write(Buffer.concat([stamp(), data]))) client.pause();
        });
        client.on('drain', () => client.resume());
        client.on('error', () => client.destroy());
    });
    server.listen({ port, host: uri.hostname, backlog: 4096 }, () => ready(server.address()));
}
