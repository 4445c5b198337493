// Command storefront is the program in the quickstart's image: a small server
// that parses what it is sent with old modules, so that there is something to
// find. It is never meant to be deployed.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"
)

var version = "dev"

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if upstream := os.Getenv("UPSTREAM"); upstream != "" {
		c, err := net.Dial("tcp", upstream)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer c.Close()
	}
	fmt.Println("storefront", version, "listens on", l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

// serve answers each line of a connection with what it could be.
func serve(c net.Conn) {
	defer c.Close()
	for s := bufio.NewScanner(c); s.Scan(); {
		tags, _, _ := language.ParseAcceptLanguage(s.Text())
		var doc any
		_ = yaml.Unmarshal(s.Bytes(), &doc)
		_, err := html.Parse(strings.NewReader(s.Text()))
		fmt.Fprintln(c, len(tags), doc != nil, err == nil)
	}
}
