//go:build linux

package main

// recipes are the images, the small ones first.
var recipes = []recipe{
	{name: "debian-base"},
}
