// Program is built by a test that reads what the linker writes about it.
package main

import "golang.org/x/tools/txtar"

func main() { println(len(txtar.Parse(nil).Files)) }
