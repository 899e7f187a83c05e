// A timestamp server in Go: a goroutine for each client.
//
// usage: go-server URI    tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when ready
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"time"
)

func reply(data []byte) []byte {
	out := make([]byte, 0, len(data)+64)
	out = append(out, '[')
	out = time.Now().AppendFormat(out, time.ANSIC)
	out = append(out, ']')
	return append(out, data...)
}

func converse(client net.Conn) {
	defer client.Close()
	data := make([]byte, 65536)
	for {
		n, err := client.Read(data)
		if err != nil {
			return
		}
		if _, err = client.Write(reply(data[:n])); err != nil {
			return
		}
	}
}

func serveStream(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("tcp://%s\n", listener.Addr())
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go converse(client)
	}
}

func serveDatagrams(address string) error {
	server, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	fmt.Printf("udp://%s\n", server.LocalAddr())
	data := make([]byte, 65536)
	for {
		n, client, err := server.ReadFrom(data)
		if err != nil {
			return err
		}
		server.WriteTo(reply(data[:n]), client)
	}
}

func main() {
	uri := "tcp://127.0.0.1:0"
	if len(os.Args) > 1 {
		uri = os.Args[1]
	}
	serve := serveStream
	if strings.HasPrefix(uri, "udp:") {
		serve = serveDatagrams
	}
	log.Fatal(serve(uri[len("tcp://"):]))
}
