// Correct timestamp servers in Go that are unusual, one shape each.
//
// usage: go SHAPE [URI]    tcp://HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH; prints the URI when ready
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"time"
)

func stamp(layout string) []byte {
	now := time.Now()
	if strings.HasSuffix(layout, "GMT") {
		now = now.UTC()
	}
	return []byte("[" + now.Format(layout) + "]")
}

// Answer whatever one read returns, with the layout's stamp.
func chunks(layout string, size int) func(net.Conn) {
	return func(client net.Conn) {
		data := make([]byte, size)
		for {
			n, err := client.Read(data)
			if err != nil {
				return
			}
			buffers := net.Buffers{stamp(layout), data[:n]}
			if _, err = buffers.WriteTo(client); err != nil {
				return
			}
		}
	}
}

// Answer each line as it stands; an empty one ends.
func lines(layout string) func(net.Conn) {
	return func(client net.Conn) {
		reader := bufio.NewReader(client)
		for {
			line, err := reader.ReadBytes('\n')
			if len(line) == 0 || strings.TrimRight(string(line), "\r\n") == "" {
				return
			}
			if _, err = client.Write(append(stamp(layout), line...)); err != nil {
				return
			}
		}
	}
}

var shapes = map[string]func(net.Conn){
	"go-nano":     chunks(time.RFC3339Nano, 4096),
	"go-unixdate": chunks(time.UnixDate, 1024),
	"go-rfc1123":  chunks("Mon, 02 Jan 2006 15:04:05 GMT", 100),
	"go-millis":   chunks("2006-01-02T15:04:05.000-07:00", 65536),
	"go-lines":    lines(time.ANSIC),
}

// Each datagram in a goroutine of its own.
func datagrams(network, place string, ready func(net.Addr)) {
	server, err := net.ListenPacket(network, place)
	if err != nil {
		log.Fatal(err)
	}
	ready(server.LocalAddr())
	for {
		data := make([]byte, 65536)
		n, client, err := server.ReadFrom(data)
		if err != nil {
			log.Fatal(err)
		}
		go server.WriteTo(append(stamp(time.RFC3339), data[:n]...), client)
	}
}

func streams(network, place string, converse func(net.Conn), ready func(net.Addr)) {
	server, err := net.Listen(network, place)
	if err != nil {
		log.Fatal(err)
	}
	ready(server.Addr())
	for {
		client, err := server.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer client.Close()
			converse(client)
		}()
	}
}

func main() {
	uri := "tcp://127.0.0.1:0"
	if len(os.Args) > 2 {
		uri = os.Args[2]
	}
	if len(os.Args) < 2 || shapes[os.Args[1]] == nil {
		log.Fatal("usage: go SHAPE [URI]; no such shape")
	}
	network, place, _ := strings.Cut(uri, ":")
	slashes := strings.HasPrefix(place, "//")
	ready := func(address net.Addr) {
		if slashes {
			fmt.Printf("%s://%s\n", network, address)
		} else {
			fmt.Println(uri)
		}
	}
	place = strings.TrimPrefix(place, "//")
	if !slashes {
		os.Remove(place)
	}
	if network == "udp" || network == "unixgram" {
		datagrams(network, place, ready)
	}
	streams(network, place, shapes[os.Args[1]], ready)
}
