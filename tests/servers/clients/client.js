// A client for Node: lines of the input to the socket, the socket to the output. usage: node client.js HOST PORT
const net = require('net');

const socket = net.connect(Number(process.argv[3]), process.argv[2]);
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('close', () => process.stdin.destroy());
socket.on('error', (error) => {
	console.error(error.message);
	process.exitCode = 1;
	process.stdin.destroy();
});
