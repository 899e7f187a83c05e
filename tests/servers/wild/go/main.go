// Timestamp servers in Go as they are found in the wild, one shape each; wild.tsv says what to think of them.
//
// usage: go SHAPE [URI]    tcp://HOST:PORT; prints the URI with its real port when it is ready
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

func reads(answer func(net.Conn, []byte)) func(net.Conn) {
	return func(client net.Conn) {
		data := make([]byte, 1024)
		for {
			n, err := client.Read(data)
			if err != nil {
				return
			}
			answer(client, data[:n])
		}
	}
}

var shapes = map[string]func(net.Conn){
	// Correct.
	"ansic": reads(func(client net.Conn, data []byte) { fmt.Fprintf(client, "[%s] %s", time.Now().Format(time.ANSIC), data) }),
	// Go's default text of a time, with its monotonic clock: odd, and read.
	"string": reads(func(client net.Conn, data []byte) { fmt.Fprintf(client, "[%s] %s", time.Now(), data) }),
	// %v of a slice: [72 101 108].
	"slice": reads(func(client net.Conn, data []byte) { fmt.Fprintf(client, "[%s] %v", time.Now().Format(time.ANSIC), data) }),
	// %q quotes.
	"quoted": reads(func(client net.Conn, data []byte) { fmt.Fprintf(client, "[%s] %q", time.Now().Format(time.ANSIC), data) }),
	// The layout is not the magic moment.
	"layout": reads(func(client net.Conn, data []byte) { fmt.Fprintf(client, "[%s] %s", time.Now().Format("2006-01-02 15:04:06"), data) }),
	// The whole buffer is sent, zeros and all.
	"whole-buffer": func(client net.Conn) {
		for {
			data := make([]byte, 1024)
			if _, err := client.Read(data); err != nil {
				return
			}
			fmt.Fprintf(client, "[%s] %s", time.Now().Format(time.ANSIC), data)
		}
	},
	// A scanner takes the line's end away.
	"scanner": func(client net.Conn) {
		for scanner := bufio.NewScanner(client); scanner.Scan(); {
			fmt.Fprintf(client, "[%s] %s", time.Now().Format(time.ANSIC), scanner.Text())
		}
	},
	// A scanner, and a newline of its own: CR LF comes back as LF.
	"scanner-newline": func(client net.Conn) {
		for scanner := bufio.NewScanner(client); scanner.Scan(); {
			fmt.Fprintf(client, "[%s] %s\n", time.Now().Format(time.ANSIC), scanner.Text())
		}
	},
	// Never closed.
	"unclosed": func(client net.Conn) {
		reads(func(client net.Conn, data []byte) { fmt.Fprintf(client, "[%s] %s", time.Now().Format(time.ANSIC), data) })(client)
		select {}
	},
}

func main() {
	uri := "tcp://127.0.0.1:0"
	if len(os.Args) > 2 {
		uri = os.Args[2]
	}
	if len(os.Args) < 2 || shapes[os.Args[1]] == nil {
		log.Fatal("usage: go SHAPE [URI]; no such shape")
	}
	listener, err := net.Listen("tcp", strings.TrimPrefix(uri, "tcp://"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("tcp://%s\n", listener.Addr())
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer client.Close()
			shapes[os.Args[1]](client)
		}()
	}
}
